import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { writeClamFile } from '../../src/operators/synthetic/clam-file.js';
import { npyBytes, npzBytes, type NpzArray } from '../../src/operators/synthetic/npz-file.js';
import { csvText } from '../../src/pipeline/core/csv.js';
import { rng, type Rng } from '../../src/pipeline/core/rng.js';

/** A small cohort in a temporary folder, with the experiment that reads it. */
export interface MadeCohort {
  /** Contains `experiment.yaml` and `data`. `up` may create `runs` and `.haf` here. */
  readonly folder: string;
  /** The data folder. */
  readonly root: string;
  /** Path of `experiment.yaml`. */
  readonly file: string;
  /** Content of `experiment.yaml`. */
  readonly experiment: string;
  /** Ids of the patients with an outcome, in the spelling that the program should use. */
  readonly patients: readonly string[];
}

/**
 * A patient of the cohort. Two patients in five have the event. Their ages, their measured values, and the first number
 * of each of their instances are higher on average.
 */
export interface MadePatient {
  readonly id: string;
  readonly dead: boolean;
}

/** A table: the header, then the rows. */
export type Rows = readonly (readonly string[])[];

/** Length of an instance. */
export const width = 6;

const folders: string[] = [];
/** Removes every cohort that this process made; for `afterAll`. */
export const removeMadeCohorts = (): void => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
};

/** Makes patients with ids from the numbers 1 to `count`. */
export const patientsOf = (count: number, idOf: (number: number) => string): readonly MadePatient[] =>
  Array.from({ length: count }, (_, i) => ({ id: idOf(i + 1), dead: i % 5 === 0 || i % 5 === 2 }));

/**
 * A number as text. For patients with the event it is 0.5 higher on average, which is too little to trigger the check for leaks of
 * the outcome.
 */
const measurement = ({ dead }: MadePatient, random: Rng): string =>
  (random.normal() + (dead ? 0.5 : 0)).toFixed(3);

/** A table of measured values: the id column, then columns `<name>_1`, `<name>_2` and so on. */
export function measuredRows(
  patients: readonly MadePatient[],
  name: string,
  columns = 3,
  { id = 'PATIENT', idOf = (text) => text }: { id?: string; idOf?: (text: string) => string } = {},
): Rows {
  const random = rng(1, `made/${name}`);
  return [
    [id, ...Array.from({ length: columns }, (_, i) => `${name}_${i + 1}`)],
    ...patients.map((patient) => [
      idOf(patient.id),
      ...Array.from({ length: columns }, () => measurement(patient, random)),
    ]),
  ];
}

/** `clini.csv` of most cohorts: age, a stage in words, and the outcome `STATUS`. */
export function clinicalRows(patients: readonly MadePatient[], idOf = (text: string): string => text): Rows {
  const random = rng(1, 'made/clini');
  const stages = ['pT1', 'pT2', 'pT3', 'pT4a'];
  return [
    ['PATIENT', 'AGE', 'STAGE', 'STATUS'],
    ...patients.map((patient) => [
      idOf(patient.id),
      String(50 + random.int(20) + (patient.dead ? 8 : 0)),
      stages[random.int(3) + Number(patient.dead && random.uniform() < 0.7)] ?? 'pT1',
      patient.dead ? 'dead' : 'alive',
    ]),
  ];
}

/** The bag [2 to 5, width] of one file of a patient. Its random numbers are seeded with the file name. */
export function bagOf({ dead }: MadePatient, name: string): NpzArray {
  const random = rng(1, `made/bag/${name}`);
  const rows = 2 + random.int(4);
  const data = Float32Array.from(
    { length: rows * width },
    (_, i) => random.normal() + (dead && i % width === 0 ? 2 : 0),
  );
  return { shape: [rows, width], data };
}

/** The parts from which a cohort is made. */
export interface CohortParts {
  /** Name of the run and part of the folder's name: lower-case letters, digits and hyphens. */
  readonly name: string;
  readonly patients: readonly MadePatient[];
  /** Declarations under `data.modalities`. */
  readonly modalities: Readonly<Record<string, object>>;
  /** @default every `table-<name>` and `mil-<name>` */
  readonly methods?: readonly string[];
  /** Keys of `data` that replace the usual values, such as the outcome. */
  readonly data?: object;
  /** Tables by file name, besides clini.csv, which is always written. A table named clini.csv replaces it. */
  readonly tables?: Readonly<Record<string, Rows>>;
  /** Files by path below the data folder. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** Bags that are written as h5 files in CLAM's layout, by path below the data folder. */
  readonly h5?: Readonly<Record<string, NpzArray>>;
}

const methodsFor = (modalities: CohortParts['modalities']): readonly string[] =>
  Object.entries(modalities).map(([id, declared]) =>
    'kind' in declared && declared.kind === 'bag' ? `mil-${id}` : `table-${id}`,
  );

const experimentOf = ({ name, modalities, methods, data }: CohortParts): string =>
  stringify({
    name,
    methods: methods ?? methodsFor(modalities),
    data: {
      root: 'data',
      layout: 'own',
      patients: { id: 'PATIENT' },
      outcome: {
        file: 'clini.csv',
        event: { column: 'STATUS', positive: ['dead'], negative: ['alive'] },
      },
      ...data,
      modalities,
    },
    cv: { folds: 2 },
    train: { epochs: 2, patience: 1, lr: 0.001, batch: 16 },
  });

/** Writes a cohort and its experiment. */
export async function makeCohortOf(parts: CohortParts): Promise<MadeCohort> {
  const folder = mkdtempSync(join(tmpdir(), `haf-${parts.name}-`));
  folders.push(folder);
  const root = join(folder, 'data');
  const place = (name: string): string => {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    return path;
  };
  const tables = { 'clini.csv': clinicalRows(parts.patients), ...parts.tables };
  for (const [name, [header = [], ...rows]] of Object.entries(tables))
    writeFileSync(place(name), csvText(header, rows));
  for (const [name, content] of Object.entries(parts.files ?? {})) writeFileSync(place(name), content);
  for (const [name, { shape, data }] of Object.entries(parts.h5 ?? {}))
    await writeClamFile(place(name), width, data, new Int32Array(2 * (shape[0] ?? 0)));
  const file = join(folder, 'experiment.yaml');
  const experiment = experimentOf(parts);
  writeFileSync(file, experiment);
  return { folder, root, file, experiment, patients: parts.patients.map(({ id }) => id) };
}

/** `clini.csv` as a modality: age and stage, without the outcome. */
export const clinical = {
  kind: 'table',
  file: 'clini.csv',
  columns: { AGE: 'numeric', STAGE: { ordinal: ['pT1', 'pT2', 'pT3', 'pT4a'] } },
} as const;

/** A table of measured values as a modality. */
export const measured = (file: string): object => ({ kind: 'table', file, others: 'numeric' });

/**
 * A bag as a modality.
 * @param patient how to find the patient's id in a file; by default the file name is the id
 */
export const bag = (files: string, patient?: object): object => ({
  kind: 'bag',
  files,
  width,
  ...(patient === undefined ? {} : { patient }),
});

/** A feature file [n, width] of NumPy. */
export const npy = (patient: MadePatient, name: string): Uint8Array => npyBytes(bagOf(patient, name));

/** One archive with the bags of all patients, keyed by id. */
export const npzByPatient = (patients: readonly MadePatient[], name: string): Uint8Array =>
  npzBytes(new Map(patients.map((patient) => [patient.id, bagOf(patient, `${name}/${patient.id}`)])));
