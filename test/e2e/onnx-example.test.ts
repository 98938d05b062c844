import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { predictedSchema, type Predicted } from '../../src/operators/bundle/predicted-data.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { cli } from '../support/cli.js';
import {
  bag,
  makeCohortOf,
  measured,
  measuredRows,
  npy,
  patientsOf,
  removeMadeCohorts,
  type MadeCohort,
  type Rows,
} from '../support/made-cohort.js';
import { pythonWith, runPython } from '../support/python-with.js';

const python = pythonWith('onnxruntime', 'numpy');
afterAll(removeMadeCohorts);

const patients = patientsOf(40, (n) => `HX-${String(n).padStart(3, '0')}`);
const random = rng(1, 'onnx-example');
/** A table with every kind of column. Some cells are empty. */
const clini: Rows = [
  ['PATIENT', 'AGE', 'STAGE', 'SEX', 'SITE', 'SMOKES', 'STATUS', 'MONTHS'],
  ...patients.map(({ id, dead }, i) => [
    id,
    i % 9 === 4 ? '' : String(50 + random.int(30)),
    ['I', 'II', 'III'][random.int(3)] ?? '',
    i % 8 === 3 ? '' : (['female', 'male'][random.int(2)] ?? ''),
    ['tongue', 'larynx', 'h\u00f6hle'][random.int(3)] ?? '',
    String(random.int(2)),
    dead ? 'dead' : 'alive',
    String(2 + random.int(dead ? 30 : 60)),
  ]),
];
const lab: Rows = measuredRows(patients, 'lab').filter((_, i) => i % 7 !== 3);
const clinical = {
  ...{ kind: 'table', file: 'clini.csv' },
  columns: {
    AGE: 'numeric',
    STAGE: { ordinal: ['I', 'II', 'III'] },
    SEX: 'binary',
    SITE: 'nominal',
    SMOKES: 'binary',
  },
};

interface Trained {
  readonly cohort: MadeCohort;
  readonly run: string;
}

/** Trains methods on a cohort of two tables and a bag. The patient `nobody` has no data in any modality. */
async function trained(
  name: string,
  methods: readonly string[],
  ...more: readonly string[]
): Promise<Trained> {
  const scanned = patients.filter((_, i) => i % 5 !== 3);
  const cohort = await makeCohortOf({
    ...{ name, patients, methods },
    modalities: { Clin: clinical, Lab: measured('lab.csv'), MRI: bag('mri/*.npy') },
    tables: {
      ...{ 'clini.csv': clini, 'lab.csv': lab },
      'everyone.csv': [['PATIENT', 'WARD'], ['nobody', 'A'], ...patients.map(({ id }) => [id, 'A'])],
    },
    files: Object.fromEntries(scanned.map((patient) => [`mri/${patient.id}.npy`, npy(patient, patient.id)])),
  });
  return { cohort, run: await up(cohort, ...more) };
}

/** Runs the experiment and returns the name of the new run. */
async function up(cohort: MadeCohort, ...more: readonly string[]): Promise<string> {
  const folder = join(cohort.folder, 'runs');
  const before = existsSync(folder) ? readdirSync(folder) : [];
  await done(cohort, 'up', ...more);
  const [run = '', ...others] = readdirSync(folder).filter((one) => !before.includes(one));
  expect(others).toEqual([]);
  return run;
}

async function done({ folder }: MadeCohort, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await cli([...args, ...(args[1] === 'onnx' ? [] : ['--no-broker'])], folder);
  expect(code, stderr).toBe(0);
}

/**
 * Runs `predict` and `bundle onnx` for a method of a run. Returns the predictions and the output folder of `bundle
 * onnx`.
 */
async function both(
  { cohort, run }: Trained,
  method: string,
): Promise<{ predicted: Predicted; example: string }> {
  const [file, out, onnx] = [`${method}.haf`, `out-${method}`, `onnx-${method}`];
  await done(cohort, 'bundle', run, '--method', method, '-o', file, '--force');
  const who = ['--patients', 'data/everyone.csv', '--trained-patients'];
  await done(cohort, 'predict', file, '--data', 'data', '-o', out, ...who);
  await done(cohort, 'bundle', 'onnx', file, '-o', onnx, '--force');
  const text = readFileSync(join(cohort.folder, out, 'predictions.json'), 'utf8');
  return {
    predicted: predictedSchema.parse(JSON.parse(text)),
    example: join(cohort.folder, onnx, 'example.py'),
  };
}

/** A patient as the ONNX example program reads it: numbers, words, null for an empty cell, and the file of the bag. */
function patientJson({ root }: MadeCohort, id: string, modalities: readonly string[]): object {
  const rowOf = ([header = [], ...rows]: Rows): object | undefined => {
    const row = rows.find(([patient]) => patient === id);
    return row && Object.fromEntries(header.map((name, k) => [name, cellOf(row[k] ?? '')]));
  };
  const file = join(root, `mri/${id}.npy`);
  const all = { Clin: rowOf(clini), Lab: rowOf(lab), MRI: existsSync(file) ? file : undefined };
  // A modality without data has the value undefined. JSON.stringify later leaves out its key, as the program expects.
  return Object.fromEntries(Object.entries(all).filter(([name]) => modalities.includes(name)));
}

const cellOf = (text: string): string | number | null =>
  text === '' ? null : Number.isNaN(Number(text)) ? text : Number(text);

/** Runs the ONNX example program for some patients and compares every number with `predict`. */
function compare(
  cohort: MadeCohort,
  { predicted, example }: { predicted: Predicted; example: string },
): void {
  const model = JSON.parse(readFileSync(join(example, '../model.json'), 'utf8')) as {
    modalities: { id: string }[];
  };
  const ids = model.modalities.map(({ id }) => id);
  const file = join(cohort.folder, 'patient.json');
  const chosen = predicted.patients.filter(({ patient }, i) => patient === 'nobody' || i % 3 === 0);
  const subsets = new Set<string>();
  for (const { patient, probabilities, survival, modalities } of chosen) {
    writeFileSync(file, JSON.stringify(patientJson(cohort, patient, ids)));
    const { mean, folds } = JSON.parse(runPython(python as string, [example, file])) as {
      mean: number[];
      folds: number[][];
    };
    const wanted = probabilities === null ? (survival ?? []) : [probabilities];
    expect(folds).toHaveLength(2);
    wanted.forEach((perFold, h) => {
      perFold.forEach((value, fold) =>
        expect(Math.abs((folds[fold]?.[h] ?? NaN) - value), patient).toBeLessThan(1e-5),
      );
      expect(mean[h]).toBeCloseTo(perFold.reduce((sum, value) => sum + value, 0) / perFold.length, 5);
    });
    expect(mean).toHaveLength(wanted.length);
    subsets.add(modalities.join());
  }
  expect(chosen.length).toBeGreaterThan(10);
  // The test also covers a patient without any modality of the model.
  expect(subsets).toContain('');
  expect(subsets.size).toBeGreaterThanOrEqual(Math.min(ids.length + 1, 4));
}

describe.skipIf(python === null)('example.py gives what predict gives', () => {
  let first: Trained;
  beforeAll(async () => {
    first = await trained('onnx-binary', ['haf', 'all_mlp', 'mil-MRI', 'table-Clin']);
  }, 300_000);

  it.each(['haf', 'all_mlp', 'mil-MRI', 'table-Clin'])(
    '%s',
    async (method) => compare(first.cohort, await both(first, method)),
    120_000,
  );

  it('by an isotonic calibration', async () => {
    const { cohort } = first;
    compare(cohort, await both({ cohort, run: await up(cohort, '--set', 'calibration=isotonic') }, 'haf'));
  }, 180_000);

  it('and refuses columns and words that the model does not know', async () => {
    const { example } = await both(first, 'table-Clin');
    const file = join(first.cohort.folder, 'faulty.json');
    const row = { AGE: 60, STAGE: 'II', SEX: 'male', SITE: 'tongue', SMOKES: 1, MONTHS: 20 };
    const ran = (patient: object): string => {
      writeFileSync(file, JSON.stringify(patient));
      return runPython(python as string, [example, file]);
    };
    expect(ran({ Clin: row })).toContain('mean');
    expect(() => ran({ Clin: { ...row, SITE: 'toe' } })).toThrow(/KeyError: 'toe'/);
    expect(() => ran({ Clin: { AGE: 60 } })).toThrow(/KeyError/);
    expect(() => ran({ Clim: row })).toThrow(/no modality Clim/);
  }, 120_000);
});

describe.skipIf(python === null)('example.py gives the survival that predict gives', () => {
  it.each(['hazards', 'cox'])(
    '%s',
    async (loss) => {
      const time = [
        'data.outcome.kind=timeToEvent',
        'data.outcome.time.column=MONTHS',
        'data.outcome.time.unit=months',
      ];
      const set = [...time, `survival.loss=${loss}`].flatMap((one) => ['--set', one]);
      const own = await trained(`onnx-${loss}`, ['haf'], ...set);
      compare(own.cohort, await both(own, 'haf'));
    },
    300_000,
  );
});
