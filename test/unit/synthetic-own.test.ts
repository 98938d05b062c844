import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import h5wasm, { type Dataset } from 'h5wasm/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeOwnCohort, type OwnCohort } from '../../src/operators/synthetic/own/make-own-cohort.js';
import { sha256 } from '../../src/pipeline/core/canonical-json.js';
import { isSynthetic } from '../../src/pipeline/runs/stand-in-guard.js';

const scratch = mkdtempSync(join(tmpdir(), 'haf-synthetic-own-'));
const out = join(scratch, 'cohort');
const width = 32;
let cohort: OwnCohort;

beforeAll(async () => {
  cohort = await makeOwnCohort({ out });
});
afterAll(() => rmSync(scratch, { recursive: true }));

/** Rows of a generated table by column name. Generated cells contain no quotes and no delimiter. */
function rowsOf(file: string, delimiter = ','): readonly Readonly<Record<string, string>>[] {
  const [header = '', ...lines] = readFileSync(join(out, file), 'utf8').trimEnd().split(/\r?\n/);
  const names = header.split(delimiter);
  return lines.map((line) => {
    const cells = line.split(delimiter);
    expect(cells).toHaveLength(names.length);
    return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '']));
  });
}
const column = (rows: readonly Readonly<Record<string, string>>[], name: string): readonly string[] =>
  rows.map((row) => row[name] ?? '');
const lastDigits = (text: string): string => /\d+(?=\D*$)/.exec(text)?.[0] ?? '';

const deceased = (): ReadonlySet<string> =>
  new Set(
    column(
      rowsOf('clini.csv').filter((row) => row['OS_STATUS'] === '1:DECEASED'),
      'PATIENT',
    ),
  );

/** Share of (deceased, living) pairs in which the deceased patient has the higher score; ties count half. */
function auc(scores: ReadonlyMap<string, number>): number {
  const dead = deceased();
  const of = (wanted: boolean): readonly number[] =>
    [...scores].filter(([id]) => dead.has(id) === wanted).map(([, score]) => score);
  const wins = of(true).flatMap((bad) => of(false).map((good) => (bad > good ? 1 : bad === good ? 0.5 : 0)));
  return wins.reduce<number>((sum, win) => sum + win, 0) / wins.length;
}

/**
 * AUC on the second half of the patients. The score is the projection on the difference of the class means of the first
 * half.
 */
function heldOutAuc(vectors: ReadonlyMap<string, readonly number[]>): number {
  const dead = deceased();
  const patients = [...vectors];
  const training = patients.filter((_, i) => i % 2 === 0);
  const meanOf = (wanted: boolean, i: number): number => {
    const chosen = training.filter(([id]) => dead.has(id) === wanted);
    return chosen.reduce((sum, [, vector]) => sum + (vector[i] ?? 0), 0) / chosen.length;
  };
  const length = patients[0]?.[1].length ?? 0;
  const weights = Array.from({ length }, (_, i) => meanOf(true, i) - meanOf(false, i));
  const scores = patients
    .filter((_, i) => i % 2 === 1)
    .map(
      ([id, vector]) => [id, vector.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0)] as const,
    );
  return auc(new Map(scores));
}

/** Features [rows, width] of a slide. */
async function featuresOf(
  file: string,
): Promise<{ readonly rows: number; readonly values: ArrayLike<number> }> {
  await h5wasm.ready;
  const opened = new h5wasm.File(join(out, 'features', file), 'r');
  const dataset = opened.get('features') as Dataset;
  const found = { rows: dataset.shape?.[0] ?? 0, values: dataset.value as Float32Array };
  opened.close();
  return found;
}

describe('the ids of a synthetic own cohort', () => {
  it('are text of which the last digits name four patients', () => {
    const ids = column(rowsOf('clini.csv'), 'PATIENT');
    expect(new Set(ids).size).toBe(120);
    for (const id of ids) expect(id).toMatch(/^HC-[A-Z0-9]{2}-\d{4}$/);
    expect(new Set(ids.map(lastDigits)).size).toBe(30);
  });

  it('are the same in every table, under two names of the column', () => {
    const known = new Set(column(rowsOf('clini.csv'), 'PATIENT'));
    const tables = {
      lab: column(rowsOf('lab.csv', ';'), 'Sample ID'),
      rna: column(rowsOf('rna.csv'), 'PATIENT'),
      slides: [...new Set(column(rowsOf('slides.csv'), 'PATIENT'))],
    };
    expect(Object.values(tables).map(({ length }) => length)).toEqual([106, 96, 102]);
    for (const ids of Object.values(tables)) {
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.filter((id) => !known.has(id))).toEqual([]);
    }
  });

  it('stand in no name of a slide; the slide table lists every file once', () => {
    const rows = rowsOf('slides.csv');
    const files = readdirSync(join(out, 'features'));
    expect([...column(rows, 'FILENAME')].sort()).toEqual([...files].sort());
    expect(cohort.slides).toBe(files.length);
    expect(files.length).toBeGreaterThan(new Set(column(rows, 'PATIENT')).size);
    for (const { PATIENT = '', FILENAME = '' } of rows) {
      expect(FILENAME).toMatch(/^S-20\d\d-\d{5}-A\d\.h5$/);
      expect(FILENAME).not.toContain(PATIENT);
    }
  });
});

describe('the tables of a synthetic own cohort', () => {
  it('hold words, missing cells in several spellings, and the outcome', () => {
    const rows = rowsOf('clini.csv');
    const valuesOf = (name: string): readonly string[] => [...new Set(column(rows, name))].sort();
    expect(valuesOf('P16')).toEqual(['Negative', 'Positive', 'unknown']);
    expect(valuesOf('PT')).toEqual(['NA', 'pT1', 'pT2', 'pT3', 'pT4a']);
    expect(valuesOf('ECOG')).toEqual(['', '0', '1', '2']);
    expect(valuesOf('OS_STATUS')).toEqual(['0:LIVING', '1:DECEASED']);
    expect(deceased().size).toBe(42);
    expect(cohort).toMatchObject({ patients: 120, deceased: 42 });
    for (const months of column(rows, 'OS_MONTHS')) expect(Number(months)).toBeGreaterThan(0);
  });

  it('have decimal commas between semicolons in the laboratory', () => {
    const text = readFileSync(join(out, 'lab.csv'), 'utf8');
    expect(text).toMatch(/;\d+,\d+;/);
    expect(text).not.toMatch(/\d\.\d/);
    expect(text).toContain('\r\n');
  });

  it('have 200 genes that vary', () => {
    const rows = rowsOf('rna.csv');
    const genes = Object.keys(rows[0] ?? {}).slice(1);
    expect(genes).toHaveLength(200);
    for (const gene of genes) expect(new Set(column(rows, gene)).size).toBeGreaterThan(10);
  });
});

describe('the signal of a synthetic own cohort', () => {
  it('ranks patients by a clinical, a laboratory and a gene score', () => {
    const stages = ['pT1', 'pT2', 'pT3', 'pT4a'];
    const clini = rowsOf('clini.csv').filter((row) => row['PT'] !== 'NA');
    const stage = clini.map((row) => [row['PATIENT'] ?? '', stages.indexOf(row['PT'] ?? '')] as const);
    expect(auc(new Map(stage))).toBeGreaterThan(0.6);
    const lab = rowsOf('lab.csv', ';').map(
      (row) => [row['Sample ID'] ?? '', -Number((row['Hemoglobin [g/dl]'] ?? '').replace(',', '.'))] as const,
    );
    expect(auc(new Map(lab))).toBeGreaterThan(0.6);
    const rna = rowsOf('rna.csv').map(
      ({ PATIENT = '', ...genes }) => [PATIENT, Object.values(genes).map(Number)] as const,
    );
    expect(heldOutAuc(new Map(rna))).toBeGreaterThan(0.65);
  });

  it('lies in the instances of the slides', async () => {
    const means = new Map<string, readonly number[]>();
    for (const { PATIENT = '', FILENAME = '' } of rowsOf('slides.csv')) {
      const { rows, values } = await featuresOf(FILENAME);
      expect(rows).toBeGreaterThanOrEqual(8);
      expect(rows).toBeLessThanOrEqual(24);
      expect(values).toHaveLength(rows * width);
      const mean = Array.from({ length: width }, (_, i) => {
        let sum = 0;
        for (let row = 0; row < rows; row++) sum += values[row * width + i] ?? 0;
        return sum / rows;
      });
      means.set(PATIENT, mean);
    }
    expect(heldOutAuc(means)).toBeGreaterThan(0.6);
  });
});

describe('making an own cohort', () => {
  it('says that the patients are invented', () => {
    expect(isSynthetic(join(out, 'clini.csv'))).toBe(true);
    expect(isSynthetic(join(out, 'features', 'any.h5'))).toBe(true);
    expect(readFileSync(join(out, 'README.txt'), 'utf8')).toMatch(/^SYNTHETIC DATA - NOT REAL PATIENTS/);
  });

  it('gives the same bytes for the same seed, and others for another seed', async () => {
    const hashesOf = (folder: string): readonly string[] =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort()
        .map((path) => `${path.slice(folder.length)} ${sha256(readFileSync(path))}`);
    const small = { patients: 20, width: 8 } as const;
    for (const [name, seed] of Object.entries({ a: 7, b: 7, c: 8 }))
      await makeOwnCohort({ ...small, out: join(scratch, name), seed });
    expect(hashesOf(join(scratch, 'a')).length).toBeGreaterThan(20);
    expect(hashesOf(join(scratch, 'b'))).toEqual(hashesOf(join(scratch, 'a')));
    expect(hashesOf(join(scratch, 'c'))).not.toEqual(hashesOf(join(scratch, 'a')));
  });

  it.each([
    ['patients', { patients: 19 }],
    ['width', { width: 7 }],
  ])('refuses a number of %s out of range', async (name, options) => {
    await expect(makeOwnCohort({ out: join(scratch, 'never'), ...options })).rejects.toThrow(`"${name}"`);
  });
});
