import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { contradictions } from '../../src/operators/encoders/model-config.js';
import { onnxEncoder, type OnnxSettings } from '../../src/operators/encoders/onnx-encoder.js';
import type { SourceFile } from '../../src/pipeline/stage.js';
import { fault } from '../support/fault.js';
import { poolingEncoder, tokenEncoder, writeOnnxFile, type OnnxModel } from '../support/onnx-file.js';

const side = 8;
const settings: OnnxSettings = {
  interpolation: 'bicubic',
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  batch: 4,
  width: 6,
  widthKey: 'data.modalities.WSI.width',
  side,
  preset: null,
  section: 'embed.encoder',
  sideKey: 'tile.targetSize',
};

function sourceOf(path: string): SourceFile {
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  return { role: 'encoder', name: basename(path), path, sha256 };
}

function model(graph: OnnxModel): SourceFile {
  const path = join(mkdtempSync(join(tmpdir(), 'haf-onnx-')), 'model.onnx');
  writeOnnxFile(path, graph);
  return sourceOf(path);
}

/** Tiles with arbitrary content, all different. */
function tilesOf(count: number, from = side): { count: number; side: number; rgb: Uint8Array } {
  const rgb = Uint8Array.from({ length: count * from * from * 3 }, (_, i) => (i * 2654435761) >>> 24);
  return { count, side: from, rgb };
}

/** What `poolingEncoder` gives, computed in float64 from the definition. */
function expected({ count, rgb }: ReturnType<typeof tilesOf>, width: number): number[] {
  const pixels = side * side;
  return Array.from({ length: count * width }, (_, at) => {
    const [tile, column] = [Math.floor(at / width), at % width];
    return [0, 1, 2].reduce((sum, channel) => {
      let mean = 0;
      for (let pixel = 0; pixel < pixels; pixel++)
        mean += (rgb[(tile * pixels + pixel) * 3 + channel] as number) / 255 / pixels;
      const input = (mean - (settings.mean[channel] as number)) / (settings.std[channel] as number);
      return sum + input * ((((channel * width + column) * 7) % 11) / 11 - 0.4);
    }, 0);
  });
}

const close = (values: Float32Array, wanted: readonly number[]): void => {
  expect(values).toHaveLength(wanted.length);
  wanted.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 5));
};

describe('an ONNX encoder', () => {
  it('normalises, lays channels first, and gives one row per tile', async () => {
    const encoder = await onnxEncoder(model(poolingEncoder(side, 6)), settings);
    const tiles = tilesOf(3);
    close(await encoder.encode(tiles), expected(tiles, 6));
    expect(encoder).toMatchObject({ name: 'model.onnx', engine: 'onnx cpu', width: 6, batch: 4 });
  });

  it('takes the first token of [batch, tokens, width]', async () => {
    const encoder = await onnxEncoder(model(tokenEncoder(side, 12, 3)), { ...settings, width: 4 });
    const tiles = tilesOf(2);
    const all = expected(tiles, 12);
    close(await encoder.encode(tiles), [...all.slice(0, 4), ...all.slice(12, 16)]);
  });

  it('feeds single images to a model exported for one', async () => {
    const encoder = await onnxEncoder(model(poolingEncoder(side, 6, 1)), settings);
    expect(encoder.batch).toBe(1);
    const tiles = tilesOf(1);
    close(await encoder.encode(tiles), expected(tiles, 6));
  });

  it('scales tiles to the side of the model', async () => {
    const encoder = await onnxEncoder(model(poolingEncoder(side, 6)), settings);
    const grey = { count: 1, side: 20, rgb: new Uint8Array(20 * 20 * 3).fill(90) };
    const small = { count: 1, side, rgb: new Uint8Array(side * side * 3).fill(90) };
    close(await encoder.encode(grey), [...(await encoder.encode(small))]);
  });

  it('computes on the processor of a machine with a GPU when no runtime with CUDA is installed', async () => {
    vi.stubEnv('CUDA_VISIBLE_DEVICES', '0');
    vi.stubEnv('HAF_BACKENDS_DIR', '/nonexistent');
    const tiles = tilesOf(1);
    const encoder = await onnxEncoder(model(tokenEncoder(side, 12, 6)), { ...settings, width: 2 });
    vi.unstubAllEnvs();
    expect(encoder.engine).toBe('onnx cpu');
    close(await encoder.encode(tiles), expected(tiles, 12).slice(0, 2));
  });

  it('loads a model once per process and another one in its place', async () => {
    const [first, second] = [model(poolingEncoder(side, 6)), model(tokenEncoder(side, 12, 2))];
    await onnxEncoder(first, settings);
    // The file is now empty, but the loaded model is still in the cache.
    writeFileSync(first.path, '');
    await onnxEncoder(first, settings);
    await onnxEncoder(second, settings);
    await expect(onnxEncoder(first, settings)).rejects.toMatchObject({ code: 'HAF_ENCODER_UNFIT' });
  });
});

describe('a model that does not fit is refused with the key or step that mends it', () => {
  const refused = (source: SourceFile, changed: Partial<OnnxSettings> = {}) =>
    fault(onnxEncoder(source, { ...settings, ...changed }));

  it('another width', async () => {
    const error = await refused(model(poolingEncoder(side, 6)), { width: 1024 });
    expect(error.code).toBe('HAF_ENCODER_UNFIT');
    expect(error.what).toBe('model.onnx gives instances of 6 numbers, but the experiment expects 1024.');
    expect(error.fix).toContain('Set data.modalities.WSI.width to 6');
  });

  it('another input size', async () => {
    const error = await refused(model(poolingEncoder(side, 6)), { side: 16 });
    expect(error.code).toBe('HAF_ENCODER_UNFIT');
    expect(error.what).toContain('model.onnx does not take images [batch, 3, 16, 16]');
    expect(error.fix).toContain('tile.targetSize');
  });

  it('another width or input size than the preset says: both are named', async () => {
    const preset = 'uni2-h';
    const width = await refused(model(poolingEncoder(side, 6)), { width: 1536, preset });
    expect(width.code).toBe('HAF_ENCODER_UNFIT');
    expect(width.what).toBe(
      'model.onnx gives instances of 6 numbers, but the experiment expects 1536 (the preset uni2-h says 1536).',
    );
    expect(width.fix).toContain('or another embed.encoder.preset');
    const size = await refused(model(poolingEncoder(side, 6)), { side: 224, preset });
    expect(size.code).toBe('HAF_ENCODER_UNFIT');
    expect(size.what).toContain(
      'model.onnx does not take images [batch, 3, 224, 224] (the preset uni2-h says 224), but images of 8 px: ',
    );
    expect(size.fix).toContain('or another embed.encoder.preset');
  });

  it('two inputs', async () => {
    const graph: OnnxModel = {
      inputs: { image: ['n', 3, side, side], text: ['n', 3, side, side] },
      weights: {},
      nodes: [{ op: 'Add', inputs: ['image', 'text'], output: 'sum' }],
      output: 'sum',
    };
    const error = await refused(model(graph));
    expect(error.code).toBe('HAF_ENCODER_UNFIT');
    expect(error.what).toBe('model.onnx has 2 inputs (image, text); an image encoder has one.');
  });

  it('feature maps instead of an embedding', async () => {
    const graph: OnnxModel = {
      inputs: { image: ['n', 3, side, side] },
      weights: {},
      nodes: [{ op: 'Relu', inputs: ['image'], output: 'maps' }],
      output: 'maps',
    };
    expect((await refused(model(graph))).what).toContain('an output of shape [4, 3, 8, 8]');
  });

  it('a machine without the runtime', async () => {
    vi.doMock('onnxruntime-node', () => {
      throw new Error('Cannot find package');
    });
    const error = await refused(model(tokenEncoder(side, 12, 4)));
    vi.doUnmock('onnxruntime-node');
    expect(error.code).toBe('HAF_ENCODER_UNFIT');
    expect(error.what).toContain('needs the package onnxruntime-node, which cannot be loaded here');
    expect(error.fix).toContain('npm install onnxruntime-node --ignore-scripts');
  });

  it('a file that is no model, and one that is not there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'haf-onnx-'));
    const text = join(folder, 'uni.onnx');
    writeFileSync(text, 'version https://git-lfs.github.com/spec/v1');
    const error = await refused(sourceOf(text));
    expect(error.code).toBe('HAF_ENCODER_UNFIT');
    expect(error.what).toContain('uni.onnx cannot be loaded as an ONNX model');
    const absent = { role: 'encoder', name: 'no.onnx', path: join(folder, 'no.onnx'), sha256: 'x' };
    expect(await refused(absent)).toMatchObject({ code: 'HAF_ENCODER_UNFIT' });
  });
});

describe('the configuration beside a model', () => {
  const beside = (config: object | string): SourceFile => {
    const source = model(poolingEncoder(side, 6));
    const text = typeof config === 'string' ? config : JSON.stringify(config);
    writeFileSync(join(source.path, '../config.json'), text);
    return source;
  };
  const says = { mean: settings.mean, std: settings.std, interpolation: 'bicubic', input_size: [3, 8, 8] };

  it('is silent where it agrees, is absent or is something else', () => {
    expect(contradictions(beside({ architecture: 'vit', pretrained_cfg: says }), settings)).toEqual([]);
    expect(contradictions(model(poolingEncoder(side, 6)), settings)).toEqual([]);
    expect(contradictions(beside('[1, 2'), settings)).toEqual([]);
  });

  it('warns of each key that it contradicts', () => {
    const other = { ...says, interpolation: 'bilinear', mean: [0.5, 0.5, 0.5], input_size: [3, 224, 224] };
    const problems = contradictions(beside({ pretrained_cfg: other }), settings);
    expect(problems.map(({ severity, fix }) => [severity, fix.split(':')[0]])).toEqual([
      ['warning', 'Set embed.encoder.mean'],
      ['warning', 'Set embed.encoder.interpolation'],
      ['warning', 'Set tile.targetSize'],
    ]);
  });
});
