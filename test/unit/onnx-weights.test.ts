import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { onnxEncoder, type OnnxSettings } from '../../src/operators/encoders/onnx-encoder.js';
import { weightFiles } from '../../src/operators/encoders/onnx-weights.js';
import { sha256 } from '../../src/pipeline/core/canonical-json.js';
import { findEncoder } from '../../src/pipeline/sources/find-encoder.js';
import type { SourceFile } from '../../src/pipeline/stage.js';
import { fault } from '../support/fault.js';
import { poolingEncoder, writeOnnxFile } from '../support/onnx-file.js';
import { moveWeights } from '../support/onnx-weights.js';

const side = 8;
const settings: OnnxSettings = {
  ...{ interpolation: 'bicubic', mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2], batch: 4, width: 6 },
  ...{ widthKey: 'data.modalities.WSI.width', side, preset: null },
  ...{ section: 'embed.encoder', sideKey: 'tile.targetSize' },
};
const tiles = { count: 2, side, rgb: Uint8Array.from({ length: 2 * side * side * 3 }, (_, i) => i % 251) };

describe('an ONNX file with its weights beside it', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'haf-onnx-'));
    path = join(folder, 'model.onnx');
    writeOnnxFile(path, poolingEncoder(side, 6));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const config = { onnx: 'model.onnx', key: 'embed.encoder.onnx' };
  const named = async (): Promise<readonly SourceFile[]> =>
    (await findEncoder(config, folder)).map((file) => ({
      ...file,
      sha256: sha256(readFileSync(file.path)),
    }));
  async function encoded([model, ...weights]: readonly SourceFile[]): Promise<Float32Array> {
    const encoder = await onnxEncoder(model as SourceFile, settings, weights);
    return encoder.encode(tiles);
  }

  it('names the weights as sources, so that other weights are another model', async () => {
    expect((await named()).map(({ name }) => name)).toEqual(['model.onnx']);
    const whole = await encoded(await named());
    moveWeights(path, 'model.onnx.data');
    const files = await named();
    expect(files.map(({ role, name }) => [role, name])).toEqual([
      ['encoder', 'model.onnx'],
      ['encoder', 'model.onnx.data'],
    ]);
    expect(await encoded(files)).toEqual(whole);
    const weights = readFileSync(join(folder, 'model.onnx.data'));
    writeFileSync(
      join(folder, 'model.onnx.data'),
      weights.map((byte, i) => (i % 4 === 3 ? byte ^ 0x80 : byte)),
    );
    const turned = await named();
    expect(turned[0]?.sha256).toBe(files[0]?.sha256);
    expect(turned[1]?.sha256).not.toBe(files[1]?.sha256);
    expect([...(await encoded(turned))]).toEqual([...whole].map((value) => -value));
  });

  it('is laid out on a machine that has the files by content alone', async () => {
    const whole = await encoded(await named());
    moveWeights(path, 'model.onnx.data');
    const files = await named();
    mkdirSync(join(folder, 'blobs'));
    const moved = files.map((file, i) => ({ ...file, path: join(folder, 'blobs', `${i}`) }));
    for (const [i, file] of files.entries()) renameSync(file.path, moved[i]?.path ?? '');
    expect(await encoded(moved)).toEqual(whole);
  });

  it.each([
    ['is missing', 'gone.data', (at: string) => rmSync(at)],
    ['lies elsewhere', '../elsewhere.data', () => undefined],
  ])('a file of weights that %s is named before the run', async (_, beside, change) => {
    mkdirSync(join(folder, 'models'));
    path = join(folder, 'models', 'model.onnx');
    writeOnnxFile(path, poolingEncoder(side, 6));
    moveWeights(path, beside);
    change(join(folder, 'models', beside));
    const inside = { onnx: 'models/model.onnx', key: 'embed.encoder.onnx' };
    const refusal = await fault(findEncoder(inside, folder));
    expect(refusal.code).toBe('HAF_ENCODER_UNFIT');
    expect(refusal.what).toContain(`has its weights in ${JSON.stringify(beside)}`);
  });

  it.each([1, 40, 100])('a model that ends after %d bytes has none, and does not hang', (length) => {
    moveWeights(path, 'model.onnx.data');
    truncateSync(path, length);
    expect(weightFiles(path)).toEqual([]);
  });
});
