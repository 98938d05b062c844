import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeCohort, type SyntheticCohort } from '../../src/operators/synthetic/make-cohort.js';
import { standInEncoder } from '../../src/operators/encoders/stand-in.js';
import { openSlide } from '../../src/operators/slides/open-slide.js';
import { paintSlide } from '../../src/operators/synthetic/slide-picture.js';
import { drawTissue, tissueKinds } from '../../src/operators/synthetic/tissue-map.js';
import { sha256 } from '../../src/pipeline/core/canonical-json.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { isSynthetic } from '../../src/pipeline/runs/stand-in-guard.js';
import { embedFile, type Embedded } from '../support/embed-file.js';

const patients = 150;
const width = 64;
const scratch = mkdtempSync(join(tmpdir(), 'haf-synthetic-'));
const out = join(scratch, 'cohort');
let cohort: SyntheticCohort;

beforeAll(async () => {
  cohort = await makeCohort({ out, width });
});
afterAll(() => rmSync(scratch, { recursive: true }));

type Row = Readonly<Record<string, string>>;
/** Reads a generated table. Generated cells contain no quotes and no commas. */
function rowsOf(file: string): readonly Row[] {
  const [header = '', ...lines] = readFileSync(join(out, file), 'utf8').trimEnd().split('\n');
  const names = header.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    expect(cells).toHaveLength(names.length);
    return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '']));
  });
}
const numbers = (rows: readonly Row[], column: string): readonly number[] =>
  rows.flatMap((row) => (row[column] ? [Number(row[column])] : []));

/** Hash of every file by its path below a folder. */
const hashesOf = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path.slice(folder.length), sha256(readFileSync(path))]),
  );

/** Share of (deceased, living) pairs in which the deceased patient has the higher score; ties count half. */
function auc(scores: ReadonlyMap<string, number>, deceased: ReadonlySet<string>): number {
  const of = (dead: boolean) =>
    [...scores].filter(([id]) => deceased.has(id) === dead).map(([, score]) => score);
  const [bad, good] = [of(true), of(false)];
  const wins = bad.flatMap((b) => good.map((g) => (b > g ? 1 : b === g ? 0.5 : 0)));
  return wins.reduce<number>((sum, win) => sum + win, 0) / wins.length;
}

const deceasedOf = (): ReadonlySet<string> =>
  new Set(
    rowsOf('targets.csv')
      .filter((row) => row['survival_status'] === 'deceased')
      .map((row) => row['patient_id'] ?? ''),
  );

const embedFolder = (modality: 'WSI' | 'TMA', folder: string): Promise<readonly Embedded[]> =>
  Promise.all(
    readdirSync(join(out, folder))
      .sort()
      .map((file) => embedFile(modality, join(out, folder, file), width)),
  );

/** The instances of each patient over all files. */
function bagsOf(files: readonly Embedded[]): ReadonlyMap<string, readonly Float32Array[]> {
  const bags = new Map<string, Float32Array[]>();
  for (const { index, values } of files)
    for (const { patient, start, rows } of index.bags)
      for (let row = start; row < start + rows; row++)
        bags.set(patient ?? '', [
          ...(bags.get(patient ?? '') ?? []),
          values.subarray(row * width, (row + 1) * width),
        ]);
  return bags;
}

describe('the invented outcomes', () => {
  it('have 28 % deceased with causes and plausible times', () => {
    const targets = rowsOf('targets.csv');
    expect(targets).toHaveLength(patients);
    expect(targets[0]?.['patient_id']).toBe('001');
    const deceased = targets.filter((row) => row['survival_status'] === 'deceased');
    expect(deceased).toHaveLength(42);
    expect(cohort).toMatchObject({ patients, deceased: 42 });
    const causes = new Set(deceased.map((row) => row['survival_status_with_cause']));
    expect(causes).toContain('deceased tumor specific');
    expect(causes).toContain('deceased not tumor specific');
    for (const row of targets) {
      expect(Number(row['days_to_last_information'])).toBeGreaterThan(0);
      expect(row['days_to_recurrence'] !== '').toBe(row['recurrence'] === 'yes');
      expect(Number(row['days_to_rfs_event'])).toBeLessThanOrEqual(Number(row['days_to_last_information']));
    }
  });
});

describe('the invented tables', () => {
  it.each([
    ['clinical.csv', 4, 150],
    ['pathological.csv', 15, 150],
    ['blood.csv', 16, 136],
    ['icd_codes.csv', 40, 139],
    ['tma_cell_density.csv', 4, 144],
  ])('%s has %i columns and %i rows', (file, columns, rows) => {
    const table = rowsOf(file);
    expect(table).toHaveLength(rows);
    expect(Object.keys(table[0] ?? {})).toHaveLength(columns + 1);
  });

  it('stay in the ranges of HANCOCK and miss cells where it does', () => {
    const clinical = rowsOf('clinical.csv');
    const ages = numbers(clinical, 'age_at_initial_diagnosis');
    expect(Math.min(...ages)).toBeGreaterThanOrEqual(22);
    expect(Math.max(...ages)).toBeLessThanOrEqual(92);
    const pathological = rowsOf('pathological.csv');
    const observed = numbers(pathological, 'perinodal_invasion').length;
    expect(observed).toBeGreaterThan(0.4 * patients);
    expect(observed).toBeLessThan(0.65 * patients);
    expect(numbers(pathological, 'pT_stage')).toHaveLength(patients);
    for (const [name, top] of Object.entries({ pT_stage: 8, pN_stage: 9, histologic_type: 8, grading: 3 }))
      for (const code of numbers(pathological, name)) {
        expect(Number.isInteger(code)).toBe(true);
        expect(code).toBeLessThanOrEqual(top);
      }
    for (const row of rowsOf('blood.csv')) expect(Object.values(row)).not.toContain('');
  });

  it('carry the risk in some columns and not in others', () => {
    const deceased = deceasedOf();
    const scoreOf = (file: string, column: string, sign: number) =>
      new Map(
        rowsOf(file)
          .filter((row) => row[column] !== '')
          .map((row) => [row['patient_id'] ?? '', sign * Number(row[column])]),
      );
    expect(auc(scoreOf('pathological.csv', 'pT_stage', 1), deceased)).toBeGreaterThan(0.6);
    expect(auc(scoreOf('blood.csv', 'Hemoglobin [Mass/volume] in Blood', -1), deceased)).toBeGreaterThan(0.6);
    const noise = auc(scoreOf('blood.csv', 'Monocytes [#/volume] in Blood', 1), deceased);
    expect(Math.abs(noise - 0.5)).toBeLessThan(0.12);
  });
});

describe('the invented features', () => {
  it('are read back without a problem, with bags of the promised sizes', async () => {
    const slides = await embedFolder('WSI', 'wsi');
    const cores = await embedFolder('TMA', 'tma');
    expect(slides).toHaveLength(cohort.wsiFiles);
    expect(cores).toHaveLength(8);
    expect([...slides, ...cores].flatMap(({ problems }) => problems)).toEqual([]);
    const sources = slides.flatMap(({ index }) => index.bags.map(({ source }) => source));
    expect(new Set(sources)).toEqual(new Set(['primary', 'lymph']));
    for (const { index } of slides) {
      expect(index.bags[0]?.rows).toBeGreaterThanOrEqual(20);
      expect(index.bags[0]?.rows).toBeLessThanOrEqual(120);
    }
    const primary = slides.filter(({ index }) => index.bags[0]?.source === 'primary');
    expect(new Set(primary.map(({ index }) => index.bags[0]?.patient)).size).toBe(141);
    const sizes = [...bagsOf(cores).values()].map((rows) => rows.length);
    expect(sizes).toHaveLength(145);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(4);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(16);
  });

  it.each([
    ['WSI', 'wsi'],
    ['TMA', 'tma'],
  ] as const)(
    'of %s let a score learnt on half of the patients rank the other half',
    async (modality, folder) => {
      const deceased = deceasedOf();
      const means = new Map(
        [...bagsOf(await embedFolder(modality, folder))].map(([id, rows]) => [
          id,
          Array.from(
            { length: width },
            (_, i) => rows.reduce((sum, row) => sum + (row[i] ?? 0), 0) / rows.length,
          ),
        ]),
      );
      const inTraining = (id: string): boolean => Number(id) % 2 === 0;
      const meanOf = (dead: boolean, i: number): number => {
        const chosen = [...means].filter(([id]) => inTraining(id) && deceased.has(id) === dead);
        return chosen.reduce((sum, [, mean]) => sum + (mean[i] ?? 0), 0) / chosen.length;
      };
      const weights = Array.from({ length: width }, (_, i) => meanOf(true, i) - meanOf(false, i));
      const scores = new Map(
        [...means]
          .filter(([id]) => !inTraining(id))
          .map(([id, mean]) => [id, mean.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0)]),
      );
      expect(auc(scores, deceased)).toBeGreaterThan(0.6);
    },
  );
});

describe('a synthetic cohort', () => {
  it('says that it is synthetic', () => {
    expect(readFileSync(join(out, 'README.txt'), 'utf8')).toMatch(/^SYNTHETIC DATA - NOT REAL PATIENTS/);
  });

  it('is the same to the byte for the same seed, years later, and another for another seed', async () => {
    const small = { patients: 20, width: 16 };
    // HDF5 and zip files contain the time of writing. Both writers take it from Date, which the test sets.
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      vi.setSystemTime('2024-02-03T04:05:06Z');
      await makeCohort({ ...small, out: join(scratch, 'a'), seed: 7 });
      vi.setSystemTime('2031-12-11T10:09:08Z');
      await makeCohort({ ...small, out: join(scratch, 'b'), seed: 7 });
    } finally {
      vi.useRealTimers();
    }
    await makeCohort({ ...small, out: join(scratch, 'c'), seed: 8 });
    const first = hashesOf(join(scratch, 'a'));
    expect(Object.keys(first).length).toBeGreaterThan(30);
    expect(hashesOf(join(scratch, 'b'))).toEqual(first);
    expect(hashesOf(join(scratch, 'c'))['/targets.csv']).not.toBe(first['/targets.csv']);
  });

  it('never writes into a folder that holds something', async () => {
    writeFileSync(join(scratch, 'mine.txt'), 'mine');
    await expect(makeCohort({ out: scratch })).rejects.toMatchObject({ code: 'HAF_USAGE' });
  });

  it.each([
    ['patients', { patients: 19 }],
    ['patients', { patients: 30.5 }],
    ['width', { width: 1 }],
  ])('refuses a senseless number of %s', async (name, options) => {
    await expect(makeCohort({ out: join(scratch, 'never'), ...options })).rejects.toThrow(`"${name}"`);
  });
});

describe('slides as pictures', () => {
  const few = { patients: 20, seed: 3, width: 16, slides: true } as const;
  const [first, again] = [join(scratch, 'slides'), join(scratch, 'slides-again')];

  it('take the place of their features, of the same patients, and say that they are invented', async () => {
    const made = await makeCohort({ out: first, ...few });
    const features = await makeCohort({ out: join(scratch, 'features'), ...few, slides: false });
    const stems = (folder: string): readonly string[] =>
      readdirSync(folder)
        .map((file) => file.replace(/\.\w+$/, ''))
        .sort();
    expect(stems(join(first, 'slides'))).toEqual(stems(join(features.folder, 'wsi')));
    expect(made.wsiFiles).toBe(features.wsiFiles);
    expect(readdirSync(first)).not.toContain('wsi');
    expect(isSynthetic(join(first, 'targets.csv'))).toBe(true);
    expect(isSynthetic(join(features.folder, 'targets.csv'))).toBe(true);
    expect(isSynthetic(join(scratch, 'targets.csv'))).toBe(false);
  });

  it('are pyramids as a scanner writes them', async () => {
    const [name = ''] = readdirSync(join(first, 'slides'));
    const reader = await openSlide(join(first, 'slides', name));
    expect(reader.info).toMatchObject({ vendor: 'aperio', magnification: 20, mpp: { x: 0.5, y: 0.5 } });
    expect(reader.info.levels.map(({ width: w, height: h }) => [w, h])).toEqual([
      [1024, 1024],
      [256, 256],
    ]);
    await reader.close();
  });

  it('have the same bytes for the same seed', async () => {
    await makeCohort({ out: again, ...few });
    expect(hashesOf(again)).toEqual(hashesOf(first));
  });

  it('show the risk in the tumour and nowhere else', () => {
    const paint = (view: number): Uint8Array => paintSlide(256, view, rng(1, 'slide'));
    const { cells, kinds } = drawTissue(256, rng(1, 'slide'));
    const [low, high] = [paint(-2), paint(2)];
    const changed = new Map<string, number>();
    const all = new Map<string, number>();
    for (let pixel = 0; pixel < 256 * 256; pixel++) {
      const [x, y] = [pixel % 256, Math.floor(pixel / 256)];
      const kind = tissueKinds[kinds[(y >> 2) * cells + (x >> 2)] as number] as string;
      all.set(kind, (all.get(kind) ?? 0) + 1);
      if ([0, 1, 2].some((c) => low[pixel * 3 + c] !== high[pixel * 3 + c]))
        changed.set(kind, (changed.get(kind) ?? 0) + 1);
    }
    const shareOf = (kind: string): number => (changed.get(kind) ?? 0) / (all.get(kind) ?? 1);
    expect(shareOf('tumour')).toBeGreaterThan(0.9);
    // Few pixels outside of the tumour differ between low and high risk: nuclei at its rim extend beyond it.
    for (const kind of ['glass', 'stroma', 'necrosis', 'lymphocytes'])
      expect(shareOf(kind)).toBeLessThan(0.05);
  });

  it('move the instances of the stand-in encoder along one direction with the risk', async () => {
    const views = [-1.5, -0.5, 0.5, 1.5];
    const encoder = standInEncoder(32);
    const means = await Promise.all(
      views.flatMap((view) =>
        [1, 2, 3].map(async (slide) => {
          const rgb = paintSlide(512, view, rng(slide, 'risk'));
          const values = await encoder.encode({ count: 1, side: 512, rgb });
          return { view, values };
        }),
      ),
    );
    const meanOf = (view: number, i: number): number =>
      means
        .filter((mean) => mean.view === view)
        .reduce((sum, { values }) => sum + (values[i] as number) / 3, 0);
    const direction = Array.from({ length: 32 }, (_, i) => meanOf(1.5, i) - meanOf(-1.5, i));
    const along = views.map((view) => direction.reduce((sum, d, i) => sum + d * meanOf(view, i), 0));
    expect(along).toEqual([...along].sort((a, b) => a - b));
    expect(Math.hypot(...direction)).toBeGreaterThan(0.3);
  });
});
