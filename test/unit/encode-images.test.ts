import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EncodingState } from '../../src/operators/encoders/encoding-state.js';
import { standInEncoder, standInName } from '../../src/operators/encoders/stand-in.js';
import { bagIndexFile, bagIndexSchema } from '../../src/operators/features/bag-index.js';
import { embed } from '../../src/operators/encoders/embed.js';
import type { SourceFile, StageOutput } from '../../src/pipeline/stage.js';
import { CheckpointMemory, pausedIn, runWithPause, storedFiles } from '../support/checkpoints.js';
import { poolingEncoder, writeOnnxFile } from '../support/onnx-file.js';
import { runStage, type StageRun } from '../support/run-stage.js';
import { tiledImagesOnDisk, tileOf, type TestImage, type TestTiles } from '../support/tiled-images.js';

const width = 16;
const side = 32;
const first: TestImage = {
  name: 'TumorCenter_CD3_block1_x1_y1_patient007.png',
  seed: 1,
  tiles: [
    [64, 0],
    [0, 32],
    [0, 0],
  ],
};
const second: TestImage = {
  name: 'TumorCenter_CD8_block1_x1_y2_patient007.png',
  seed: 2,
  tiles: [
    [10, 70],
    [32, 10],
  ],
};

const standIn = ({ files, sources }: TestTiles): StageRun => ({
  unit: { modality: 'TMA', patient: '007', names: 'hancock', tiling: 'grid', encoder: 'stand-in' },
  config: { data: { modalities: { TMA: { width } } } },
  sources,
  inputs: { tile: [{ id: 'tiles', files }] },
});

const indexOf = ({ files }: StageOutput) => bagIndexSchema.parse(files[bagIndexFile]);
const floats = (data: Uint8Array | object | undefined): Float32Array =>
  new Float32Array(new Uint8Array(data as Uint8Array).buffer);
const rowOf = ({ files }: StageOutput, row: number): number[] => [
  ...floats(files['features.f32']).subarray(row * width, (row + 1) * width),
];

async function encodedAlone(image: TestImage, [x, y]: readonly [number, number]): Promise<number[]> {
  return [...(await standInEncoder(width).encode({ count: 1, side, rgb: tileOf(image, x, y, side) }))];
}

describe('encoding the tiles of images', () => {
  it('puts the instance of every tile where the tile artifact has it', async () => {
    const tiles = await tiledImagesOnDisk([first, second], side);
    const { output } = await runStage(embed, standIn(tiles));
    expect(output.problems).toEqual([]);
    const coords = { unit: 'px', side };
    const digest = expect.stringMatching(/^[0-9a-f]{32}$/) as string;
    expect(indexOf(output)).toEqual({
      ...{ dialect: 'cores', encoder: standInName, precision: 'float32', width },
      bags: [
        {
          patient: '007',
          source: 'CD3',
          image: first.name.slice(0, -4),
          start: 0,
          rows: 3,
          coords,
          mpp: 0.5,
          digest,
        },
        {
          patient: '007',
          source: 'CD3',
          image: second.name.slice(0, -4),
          start: 3,
          rows: 2,
          coords,
          mpp: 0.5,
          digest,
        },
      ],
    });
    expect([...floats(output.files['coords.f32'])]).toEqual([64, 0, 0, 32, 0, 0, 10, 70, 32, 10]);
    const alone = [
      ...first.tiles.map((tile) => [first, tile] as const),
      ...second.tiles.map((tile) => [second, tile] as const),
    ];
    for (const [row, [image, tile]] of alone.entries())
      expect(rowOf(output, row)).toEqual(await encodedAlone(image, tile));
    tiles.remove();
  });

  it('has nothing more to say of images that were found empty or unusable', async () => {
    const empty: TestImage = { ...second, name: 'empty.png', tiles: [], outcome: 'empty' };
    const failed: TestImage = { ...second, name: 'failed.png', tiles: [], outcome: 'failed' };
    const tiles = await tiledImagesOnDisk([empty, first, failed], side);
    const { output } = await runStage(embed, standIn(tiles));
    expect(output.problems).toEqual([]);
    expect(indexOf(output).bags).toMatchObject([{ image: first.name.slice(0, -4), start: 0, rows: 3 }]);
    const none = await tiledImagesOnDisk([empty], side);
    const nothing = (await runStage(embed, standIn(none))).output;
    expect(indexOf(nothing).bags).toEqual([]);
    expect(nothing.problems).toEqual([]);
  });

  it('leaves out an image that breaks, says why, and goes on with the others', async () => {
    const tiles = await tiledImagesOnDisk([first, second], side);
    const broken = tiles.sources[0]?.path ?? '';
    writeFileSync(broken, readFileSync(broken).subarray(0, 3000));
    const { output } = await runStage(embed, standIn(tiles));
    expect(output.problems).toMatchObject([
      { severity: 'failure', stage: 'embed', file: first.name, patient: '007' },
    ]);
    expect(indexOf(output).bags).toMatchObject([{ image: second.name.slice(0, -4), start: 0, rows: 2 }]);
    expect(rowOf(output, 1)).toEqual(await encodedAlone(second, [32, 10]));
  });

  it('stores halves when asked to', async () => {
    const tiles = await tiledImagesOnDisk([first], side);
    const run = standIn(tiles);
    const { output } = await runStage(embed, {
      ...run,
      config: { ...run.config, embed: { precision: 'float16' } },
    });
    expect(indexOf(output).precision).toBe('float16');
    expect((output.files['features.f16'] as Uint8Array).length).toBe(3 * width * 2);
    tiles.remove();
  });
});

/** An ONNX job that encodes two tiles at once. */
async function onnxJob(images: readonly TestImage[]): Promise<{ run: StageRun; tiles: TestTiles }> {
  const tiles = await tiledImagesOnDisk(images, side);
  const path = join(mkdtempSync(join(tmpdir(), 'haf-onnx-')), 'tiny.onnx');
  writeOnnxFile(path, poolingEncoder(24, width));
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  const model: SourceFile = { role: 'encoder', name: 'tiny.onnx', path, sha256 };
  const run: StageRun = {
    unit: { modality: 'WSI', file: 'slide.png', names: 'hancock', tiling: 'tissue', encoder: 'onnx' },
    config: {
      data: { modalities: { WSI: { width } } },
      tile: { targetSize: 24 },
      embed: { encoder: { onnx: path, batch: 2 } },
    },
    sources: [...tiles.sources, model],
    inputs: { tile: [{ id: 'tiles', files: tiles.files }] },
  };
  return { run, tiles };
}

const nine: TestImage = {
  name: 'PrimaryTumor_HE_007.png',
  tiles: Array.from({ length: 9 }, (_, i) => [(i * 13) % 64, (i * 29) % 48] as const),
};

describe('an encoder that takes long', () => {
  it('tells how far it is', async () => {
    const { run, tiles } = await onnxJob([nine]);
    const { output, progress } = await runStage(embed, run);
    expect(progress.map(({ epoch, epochs, metrics }) => [epoch, epochs, metrics])).toEqual(
      [2, 4, 6, 8, 9].map((done, i) => [i + 1, 5, { tiles: done, ofTiles: 9, gpu: 0 }]),
    );
    expect(indexOf(output)).toMatchObject({ dialect: 'slide', encoder: 'tiny.onnx', width });
    tiles.remove();
  });

  it('is compared with the preset that the job names: width refused, resolution warned of', async () => {
    const { run, tiles } = await onnxJob([nine]);
    const asUni: StageRun = { ...run, unit: { ...run.unit, preset: 'uni' } };
    const { output } = await runStage(embed, asUni);
    expect(output.problems).toMatchObject([{ severity: 'warning', stage: 'embed', file: nine.name }]);
    expect(output.problems?.[0]?.reason).toContain(
      'The preset uni expects 256 px at 0.5 um per pixel; scaled to 224 px: 0.571 um per pixel.',
    );
    const { data } = run.config;
    const wider = { ...run.config, data: { ...data, modalities: { WSI: { width: 1024 } } } };
    await expect(runStage(embed, { ...asUni, config: wider })).rejects.toMatchObject({
      code: 'HAF_ENCODER_UNFIT',
      what: `tiny.onnx gives instances of ${width} numbers, but the experiment expects 1024 (the preset uni says 1024).`,
    });
    tiles.remove();
  });

  it('puts every instance in its place, whatever batch it came in', async () => {
    const { run, tiles } = await onnxJob([nine]);
    const { output } = await runStage(embed, run);
    const rows = nine.tiles.map((_, row) => rowOf(output, row));
    for (const [row, tile] of nine.tiles.entries()) {
      const alone = await onnxJob([{ ...nine, tiles: [tile] }]);
      const { output: one } = await runStage(embed, alone.run);
      rowOf(one, 0).forEach((value, i) => expect(rows[row]?.[i]).toBeCloseTo(value, 5));
      alone.tiles.remove();
    }
    expect(new Set(rows.map(String)).size).toBe(9);
    tiles.remove();
  });

  it('goes on after a pause where it stood, and leaves the same bytes', async () => {
    const { run, tiles } = await onnxJob([nine, { ...nine, name: 'PrimaryTumor_HE_007_a.png', seed: 5 }]);
    const whole = await runStage(embed, run);
    for (const pause of [1, 4, 7]) {
      const { paused, output, progress } = await runWithPause(embed, run, pause);
      expect(paused).toMatchObject({ code: 'HAF_INTERRUPTED' });
      expect(storedFiles(output)).toEqual(storedFiles(whole.output));
      // After the pause, only the remaining batches are encoded.
      const left = Array.from({ length: 10 - pause }, (_, i) => pause + 1 + i);
      expect(progress.map(({ epoch }) => epoch)).toEqual(left);
    }
    tiles.remove();
  });

  it('remembers over a pause that an image was unreadable', async () => {
    const { run, tiles } = await onnxJob([nine, { ...nine, name: 'PrimaryTumor_HE_007_a.png', seed: 5 }]);
    const broken = tiles.sources[0]?.path ?? '';
    const bytes = readFileSync(broken);
    writeFileSync(broken, bytes.subarray(0, 3000));
    const whole = await runStage(embed, run);
    expect(whole.output.problems).toHaveLength(1);
    const { output } = await runWithPause(embed, run, 7);
    expect(storedFiles(output)).toEqual(storedFiles(whole.output));
    expect(output.problems).toEqual(whole.output.problems);
  });

  it('starts over from a checkpoint of other tiles or of another engine', async () => {
    const { run } = await onnxJob([nine]);
    const memory = new CheckpointMemory();
    await runStage(embed, { ...run, checkpoints: pausedIn(3, memory) }).catch(() => undefined);
    expect(memory.kept.size).toBe(1);
    const other: StageRun = { ...run, unit: { modality: 'WSI', file: 'slide.png', encoder: 'stand-in' } };
    const { progress, output } = await runStage(embed, { ...other, checkpoints: pausedIn(99, memory) });
    expect(progress[0]?.epoch).toBe(1);
    expect(indexOf(output).encoder).toBe(standInName);
  });
});

describe('the state of a job', () => {
  const encoder = { ...standInEncoder(8), batch: 4 };

  it('reports at most 250 times, each time further, the last time at the end', () => {
    const images = [{ rows: 4001 }, { rows: 0 }, { rows: 2 }, { rows: 1000 }];
    const state = new EncodingState(images, encoder);
    const told = images.flatMap(({ rows }, image) =>
      Array.from({ length: Math.ceil(rows / 4) }, (_, batch) => {
        const ofBatch = Array.from({ length: Math.min(4, rows - batch * 4) }, (_, i) => batch * 4 + i);
        state.add(image, { rows: ofBatch, damaged: [] }, new Float32Array(ofBatch.length * 8).fill(image));
        return state.report;
      }),
    );
    const reports = told.filter((report) => report !== null);
    expect(reports.length).toBeLessThanOrEqual(250);
    expect(reports.map(({ epoch }) => epoch)).toEqual(reports.map((_, i) => i + 1));
    expect(reports.at(-1)).toMatchObject({
      epoch: reports[0]?.epochs,
      metrics: { tiles: 5003, ofTiles: 5003 },
    });
    expect(state.instancesOf(2)).toEqual(new Float32Array(16).fill(2));
  });

  it('remembers the tiles of damaged pixels over a checkpoint', () => {
    const images = [{ rows: 4 }, { rows: 4 }];
    const state = new EncodingState(images, encoder);
    state.add(0, { rows: [3, 2, 1, 0], damaged: [2, 0] }, new Float32Array(32));
    const next = new EncodingState(images, encoder);
    expect(next.take(structuredClone(state.snapshot()))).toBe(true);
    expect([...next.damagedOf(0)]).toEqual([2, 0]);
    expect(next.damagedOf(1).size).toBe(0);
  });

  it('does not resume a checkpoint whose tiles were read in another order', () => {
    const state = new EncodingState([{ rows: 8 }], encoder);
    state.add(0, { rows: [3, 2, 1, 0], damaged: [] }, new Float32Array(32));
    const { state: saved, arrays } = state.snapshot();
    const earlier = { ...(saved as Record<string, unknown>) };
    delete earlier['order'];
    const next = new EncodingState([{ rows: 8 }], encoder);
    expect(next.take({ state: earlier, arrays })).toBe(false);
    expect(next.batchesOf(0).done).toBe(0);
    expect(next.take({ state: saved, arrays })).toBe(true);
    expect(next.batchesOf(0).done).toBe(1);
  });

  it('counts an image that is given up as done', () => {
    const state = new EncodingState([{ rows: 40 }, { rows: 40 }], encoder);
    state.add(0, { rows: [3, 2, 1, 0], damaged: [] }, new Float32Array(32).fill(1));
    state.fail({ image: 0, place: null, reason: 'damaged', fix: 'copy it again' });
    expect(state.report?.metrics).toEqual({ tiles: 40, ofTiles: 80, gpu: 0 });
    expect(state.batchesOf(0)).toEqual({ done: 10, all: 10 });
    expect(state.batchesOf(1)).toEqual({ done: 0, all: 10 });
    expect(state.instancesOf(0)).toBeNull();
  });
});
