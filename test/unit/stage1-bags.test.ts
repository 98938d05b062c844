import { describe, expect, it } from 'vitest';
import { rng } from '../../src/pipeline/core/rng.js';
import type { Cohort } from '../../src/operators/cohort/cohort-data.js';
import { featuresFiles } from '../../src/operators/features/bag-index.js';
import { BagSource } from '../../src/operators/stage1/bag-source.js';
import { BagPacker, subsample } from '../../src/operators/stage1/pack-bags.js';
import { onHost, packRows, packRuns } from '../../src/operators/stage1/packed-bags.js';
import { hancockWords } from '../support/invented-cohort.js';
import { scratchArtifact } from '../support/run-stage.js';

/** Row r of artifact a holds [100 a + r, 100 a + r]. */
const artifactOf = (a: number, rows: number): ReturnType<typeof scratchArtifact> =>
  scratchArtifact(
    `features-${a}`,
    {},
    {
      [featuresFiles.float32]: new Uint8Array(
        Float32Array.from({ length: rows * 2 }, (_, i) => 100 * a + Math.floor(i / 2)).buffer,
      ),
    },
  );
const artifacts = [artifactOf(1, 10), artifactOf(2, 5)];

const segment = (
  a: number,
  start: number,
  rows: number,
): { artifact: string; start: number; rows: number } => ({
  artifact: `features-${a}`,
  start,
  rows,
});
const bags = [[segment(1, 4, 3)], [segment(2, 0, 2), segment(1, 0, 1)], null, [segment(1, 7, 3)]];
const cohort: Cohort = {
  outcome: hancockWords,
  widths: { TMA: 2 },
  precisions: { TMA: 'float32' },
  patients: bags.map((segments, i) => ({
    id: `00${i}`,
    y: i === 1 ? 1 : 0,
    followUpDays: null,
    bags: segments === null ? {} : { TMA: segments },
  })),
};
const labels = cohort.patients.map(({ y }) => y);
const firstColumn = (rows: Float32Array): number[] => Array.from(rows).filter((_, i) => i % 2 === 0);

describe('a bag source', () => {
  it('joins the segments of a bag in their order, across files', async () => {
    const source = new BagSource(cohort, 'TMA', artifacts);
    expect(firstColumn(await source.load(0))).toEqual([104, 105, 106]);
    expect(firstColumn(await source.load(1))).toEqual([200, 201, 100]);
    expect([0, 1, 2, 3].map((patient) => source.rows(patient))).toEqual([3, 3, 0, 3]);
    expect(source.has(2)).toBe(false);
  });

  it('keeps bags within its budget and reads the rest again', async () => {
    const source = new BagSource(cohort, 'TMA', artifacts, 30);
    expect(await source.load(0)).toBe(await source.load(0));
    expect(await source.load(1)).not.toBe(await source.load(1));
    expect(await source.load(1)).toEqual(await source.load(1));
  });

  it('reads ahead once, and tells whoever loads the bag when that failed', async () => {
    const waited: Promise<unknown>[] = [];
    const watched = artifacts.map((artifact) => ({
      ...artifact,
      wait: <T>(read: Promise<T>): Promise<T> => {
        waited.push(read);
        return read;
      },
    }));
    const source = new BagSource(cohort, 'TMA', watched, 0);
    source.prefetch([0, 1]);
    source.prefetch([1]);
    const [first, again] = [await source.load(1), await source.load(1)];
    expect(firstColumn(first)).toEqual([200, 201, 100]);
    expect(again).toEqual(first);
    expect(new Set(waited).size).toBe(2);

    const missing = watched.map((artifact) => ({ ...artifact, path: () => '/no/such/file' }));
    const broken = new BagSource(cohort, 'TMA', missing, 0);
    broken.prefetch([0]);
    await expect(broken.load(0)).rejects.toThrow(/no such file/);
  });

  it('widens halves, which lie in a file of their own', async () => {
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x3800, 0x7bff);
    const artifact = scratchArtifact(
      'features-1',
      {},
      { [featuresFiles.float16]: new Uint8Array(halves.buffer) },
    );
    const half: Cohort = {
      ...cohort,
      precisions: { TMA: 'float16' },
      patients: cohort.patients.map((patient) => ({
        ...patient,
        bags: { TMA: [segment(1, 1, 1), segment(1, 0, 2)] },
      })),
    };
    const values = await new BagSource(half, 'TMA', [artifact]).load(0);
    expect(values).toEqual(Float32Array.of(0.5, 65504, 1, -2, 0.5, 65504));
  });

  it('says so when a feature file is shorter than the cohort says', async () => {
    const longer: Cohort = {
      ...cohort,
      patients: cohort.patients.map((patient) => ({ ...patient, bags: { TMA: [segment(2, 3, 4)] } })),
    };
    await expect(new BagSource(longer, 'TMA', artifacts).load(0)).rejects.toThrow(/ends before row 5/);
  });

  it('joins the bags of several modalities, each stored in its own way', async () => {
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x3800, 0x7bff);
    const slides = scratchArtifact('slides', {}, { [featuresFiles.float16]: new Uint8Array(halves.buffer) });
    const slide = [{ artifact: 'slides', start: 1, rows: 1 }];
    const both: Cohort = {
      ...cohort,
      widths: { TMA: 2, WSI: 2 },
      precisions: { TMA: 'float32', WSI: 'float16' },
      patients: cohort.patients.map((patient, i) => ({
        ...patient,
        bags: i === 0 ? patient.bags : { ...patient.bags, WSI: slide },
      })),
    };
    const source = new BagSource(both, ['WSI', 'TMA'], [...artifacts, slides]);
    expect([0, 1, 2, 3].map((patient) => source.rows(patient))).toEqual([3, 4, 1, 4]);
    expect(firstColumn(await source.load(0))).toEqual([104, 105, 106]);
    expect(firstColumn(await source.load(1))).toEqual([0.5, 200, 201, 100]);
    expect([...(await source.load(2))]).toEqual([0.5, 65504]);
    expect(firstColumn(await new BagSource(both, ['TMA', 'WSI'], [...artifacts, slides]).load(3))).toEqual([
      107, 108, 109, 0.5,
    ]);
  });

  it('refuses modalities whose instances differ in length, with both lengths and what to do', () => {
    const differing: Cohort = {
      ...cohort,
      widths: { WSI: 3, TMA: 2 },
      precisions: { TMA: 'float32', WSI: 'float32' },
    };
    expect(() => new BagSource(differing, ['WSI', 'TMA'], artifacts)).toThrow(
      expect.objectContaining({
        code: 'HAF_COHORT_INVALID',
        message: expect.stringMatching(/3 values in WSI and 2 values in TMA/) as string,
        fix: expect.stringMatching(/wsi_tma_clam/) as string,
      }) as Error,
    );
  });

  it('refuses a modality the cohort does not have', () => {
    expect(() => new BagSource(cohort, 'WSI', artifacts)).toThrow(/no width/);
  });
});

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('packing', () => {
  it('fills packs with consecutive bags and leaves a large one alone', () => {
    expect(packRuns([10, 20, packRows, packRows + 1, 5, packRows - 5, 1])).toEqual([
      [0, 2],
      [2, 3],
      [3, 4],
      [4, 6],
      [6, 7],
    ]);
    expect(packRuns([])).toEqual([]);
    expect(packRuns(new Array<number>(150).fill(1)).map(([from, to]) => to - from)).toEqual([64, 64, 22]);
  });

  it('lays bags end to end with their labels, and does not copy a bag alone', async () => {
    const source = new BagSource(cohort, 'TMA', artifacts);
    const packer = new BagPacker(source, labels);
    const [packed] = await all(packer.packs([1, 0, 1]));
    expect(packed?.pack.offsets).toEqual([0, 3, 6, 9]);
    expect(packed?.pack.targets).toEqual([1, 0, 1]);
    const rows = onHost(packed?.pack.rows ?? new Float32Array()).subarray(0, 18);
    expect(firstColumn(rows)).toEqual([200, 201, 100, 104, 105, 106, 200, 201, 100]);
    const [single] = await all(packer.packs([0]));
    expect(single?.pack.rows).toBe(await source.load(0));
  });

  it('reads the bags of the next pack before it hands out this one', async () => {
    const source = new BagSource(cohort, 'TMA', artifacts);
    const asked: string[] = [];
    const [load, prefetch] = [source.load.bind(source), source.prefetch.bind(source)];
    source.load = (patient) => (asked.push(`load ${patient}`), load(patient));
    source.prefetch = (patients) => (asked.push(`prefetch ${patients.join(' ')}`), prefetch(patients));
    const many = Array.from({ length: 65 }, (_, i) => (i < 64 ? 0 : 1));
    for await (const { patients } of new BagPacker(source, labels).packs(many))
      asked.push(`use ${patients.length}`);
    expect(asked.slice(-5)).toEqual(['prefetch 1', 'use 64', 'load 1', 'prefetch ', 'use 1']);
  });

  it('takes the chosen instances only', async () => {
    const packer = new BagPacker(new BagSource(cohort, 'TMA', artifacts), labels);
    const [packed] = await all(packer.packs([0], () => [0, 2]));
    expect(packed?.pack.offsets).toEqual([0, 2]);
    expect(firstColumn(onHost(packed?.pack.rows ?? new Float32Array()).subarray(0, 4))).toEqual([104, 106]);
  });
});

describe('the subsample of a large bag', () => {
  it('draws without replacement, every instance equally often', () => {
    const counts = new Map<number, number>();
    const stream = rng(1, 'subsample');
    for (let i = 0; i < 3000; i++) {
      const chosen = subsample(10, 4, stream) ?? [];
      expect(new Set(chosen).size).toBe(4);
      expect(chosen).toEqual([...chosen].sort((a, b) => a - b));
      for (const row of chosen) counts.set(row, (counts.get(row) ?? 0) + 1);
    }
    expect(counts.size).toBe(10);
    for (const count of counts.values()) expect(Math.abs(count - 1200)).toBeLessThan(150);
  });

  it('leaves a small bag whole', () => {
    expect(subsample(4, 4, rng(1, 's'))).toBeNull();
    expect(subsample(400, null, rng(1, 's'))).toBeNull();
  });
});
