import {
  bag,
  clinical,
  clinicalRows,
  makeCohortOf,
  measured,
  measuredRows,
  npy,
  patientsOf,
  type CohortParts,
  type MadeCohort,
  type MadePatient,
  type Rows,
} from './made-cohort.js';
import { npyBytes } from '../../src/operators/synthetic/npz-file.js';

/**
 * Small cohorts with one fault each. A run of such a cohort should train nothing, unless the comment of its function says otherwise.
 */

const count = 30;
const people = patientsOf(count, (n) => `HX-${String(n).padStart(4, '0')}`);

/** A cohort of a clinical table and a laboratory table. Most faults need no other files. */
const twoTables = (name: string, changes: Partial<CohortParts>): Promise<MadeCohort> =>
  makeCohortOf({
    name,
    patients: people,
    modalities: { Clin: clinical, Lab: measured('lab.csv') },
    tables: { 'lab.csv': measuredRows(people, 'lab') },
    ...changes,
  });

/** The clinical table with one additional column. It is read as a modality whose column kinds are inferred. */
const withColumn = (
  name: string,
  column: string,
  cellOf: (patient: MadePatient, index: number) => string,
): Promise<MadeCohort> =>
  makeCohortOf({
    name,
    patients: people,
    modalities: { Clin: { kind: 'table', file: 'clini.csv' } },
    tables: {
      'clini.csv': clinicalRows(people).map((row, i) => {
        const patient = people[i - 1];
        return [...row, patient === undefined ? column : cellOf(patient, i - 1)];
      }),
    },
  });

/** A clinical table and slides that a slide table joins to patients. */
function withSlides(
  name: string,
  rowsOf: (rows: Rows) => Rows,
  besides: readonly string[] = [],
): Promise<MadeCohort> {
  const slideOf = (index: number): string => `S-2019-${1000 + index}`;
  const rows: Rows = people.map(({ id }, i) => [id, `${slideOf(i)}.npy`]);
  const stray = people[0] as MadePatient;
  return makeCohortOf({
    name,
    patients: people,
    modalities: { Clin: clinical, WSI: bag('features/*.npy', { table: 'slides.csv', file: 'FILENAME' }) },
    tables: { 'slides.csv': [['PATIENT', 'FILENAME'], ...rowsOf(rows)] },
    files: Object.fromEntries([
      ...people.map((patient, i) => [`features/${slideOf(i)}.npy`, npy(patient, slideOf(i))] as const),
      ...besides.map((file) => [`features/${file}.npy`, npy(stray, file)] as const),
    ]),
  });
}

/**
 * The laboratory table has `hx-0001` where the clinical table has `HX-0001`. No id matches; the error message shows the closest
 * spelling.
 */
export const caseDiffersBetweenFiles = (): Promise<MadeCohort> =>
  twoTables('case', {
    tables: { 'lab.csv': measuredRows(people, 'lab', 3, { idOf: (id) => id.toLowerCase() }) },
  });

/** One table has both `HX-0001` and `hx-0001`. These may be two patients, or one patient written twice; the program cannot know. */
export function caseDiffersInOneFile(): Promise<MadeCohort> {
  const rows = measuredRows(people, 'lab');
  return twoTables('case-twice', { tables: { 'lab.csv': [...rows, ['hx-0001', '0', '0', '0']] } });
}

/** pandas wrote the ids of one table as numbers: `12.0` for `12`. */
export function decimalIds(): Promise<MadeCohort> {
  const patients = patientsOf(count, String);
  return twoTables('decimal', {
    patients,
    tables: { 'lab.csv': measuredRows(patients, 'lab', 3, { idOf: (id) => `${id}.0` }) },
  });
}

/** The ids in the laboratory table belong to another study. */
export const idsOfAnotherStudy = (): Promise<MadeCohort> =>
  twoTables('another', {
    tables: { 'lab.csv': measuredRows(people, 'lab', 3, { idOf: (id) => `ZZ${id.slice(3)}` }) },
  });

/** The id column of the laboratory table is called `PATIENTS`, but the experiment says `PATIENT`. */
export const noIdColumn = (): Promise<MadeCohort> =>
  twoTables('no-id', { tables: { 'lab.csv': measuredRows(people, 'lab', 3, { id: 'PATIENTS' }) } });

/** The laboratory table has the columns `PATIENT` and `Sample ID`, and both are names of an id column. */
export function twoIdColumns(): Promise<MadeCohort> {
  const rows = measuredRows(people, 'lab').map((row, i) => [...row, i === 0 ? 'Sample ID' : `L-${i}`]);
  return twoTables('two-ids', {
    data: { patients: { id: ['PATIENT', 'Sample ID'] } },
    tables: { 'lab.csv': rows },
  });
}

/** Line 32 of the laboratory table is a second row of HX-0003. The first one is in line 4. */
export function duplicateRows(): Promise<MadeCohort> {
  const rows = measuredRows(people, 'lab');
  return twoTables('twice', { tables: { 'lab.csv': [...rows, ['HX-0003', '1.5', '2.5', '3.5']] } });
}

/** Some cells of the outcome say `lost`. These patients are left out and listed, and the run continues. */
export function outcomeOfAThirdValue(): Promise<MadeCohort> {
  const rows = clinicalRows(people).map((row, i) =>
    i === 3 || i === 8 ? [...row.slice(0, -1), 'lost'] : row,
  );
  return twoTables('third', { tables: { 'clini.csv': rows, 'lab.csv': measuredRows(people, 'lab') } });
}

/** No patient has the event. */
export const oneClass = (): Promise<MadeCohort> =>
  twoTables('one-class', { patients: people.map(({ id }) => ({ id, dead: false })) });

/**
 * A column of the clinical table reveals the outcome under another name: the months until the patient was last seen, which are few for
 * patients who died.
 */
export const leakingColumn = (): Promise<MadeCohort> =>
  withColumn('leak', 'LAST_SEEN_MONTHS', ({ dead }, i) => String(dead ? i % 9 : 40 + (i % 11)));

/** A column has the name of an outcome, whatever its values are. */
export const columnCalledLikeAnOutcome = (): Promise<MadeCohort> =>
  withColumn('leak-name', 'Vital status', (_, i) => ['seen', 'called', 'registry'][i % 3] ?? '');

/** A text column with another value for each patient. */
export const identifierColumn = (): Promise<MadeCohort> =>
  withColumn('identifier', 'RECORD', (_, i) => `R${7919 * (i + 1)}x`);

/** A column with one value. */
export const constantColumn = (): Promise<MadeCohort> => withColumn('constant', 'CENTRE', () => 'Erlangen');

/** A column without a value. */
export const emptyColumn = (): Promise<MadeCohort> =>
  withColumn('empty', 'P16', (_, i) => ['NA', '', 'unknown'][i % 3] ?? '');

/** A column of dates. */
export const dateColumn = (): Promise<MadeCohort> =>
  withColumn('dates', 'DIAGNOSED', (_, i) => `${2005 + (i % 12)}-0${1 + (i % 9)}-1${i % 10}`);

/** A category that only one patient has. When this patient is in the test set, training has never seen the category. */
export const rareCategory = (): Promise<MadeCohort> =>
  withColumn('rare', 'SITE', (_, i) => (i === 4 ? 'nasopharynx' : (['larynx', 'oral cavity'][i % 2] ?? '')));

/** The slide table names a file that does not exist. */
export const rowWithoutFile = (): Promise<MadeCohort> =>
  withSlides('row-only', (rows) => [...rows, ['HX-0001', 'S-2019-4242.npy']]);

/** A slide file is in no row of the slide table. */
export const fileWithoutRow = (): Promise<MadeCohort> =>
  withSlides('file-only', (rows) => rows, ['S-2020-0777']);

/** Two rows of the slide table assign one file to two patients. */
export const slideOfTwoPatients = (): Promise<MadeCohort> =>
  withSlides('two-owners', (rows) => [...rows, ['HX-0009', 'S-2019-1000.npy']]);

/** HX-0001 has forty slides, every other patient has one. A warning names HX-0001. */
export const patientOfManySlides = (): Promise<MadeCohort> => {
  const names = Array.from({ length: 39 }, (_, i) => `S-2021-${1000 + i}`);
  return withSlides('many', (rows) => [...rows, ...names.map((file) => ['HX-0001', `${file}.npy`])], names);
};

/** Bags with the patient id in the file name, and a fault in some names or contents. */
const withPattern = (
  name: string,
  pattern: string,
  nameOf: (patient: MadePatient, index: number) => string,
  contentOf: (patient: MadePatient, name: string, index: number) => Uint8Array = npy,
): Promise<MadeCohort> =>
  makeCohortOf({
    name,
    patients: people,
    modalities: { Clin: clinical, WSI: bag('features/*.npy', { pattern }) },
    files: Object.fromEntries(
      people.map((patient, i) => {
        const file = nameOf(patient, i);
        return [`features/${file}.npy`, contentOf(patient, file, i)];
      }),
    ),
  });
const ownPattern = '^(?<patient>HX-[0-9]{4})_';

/** Two file names do not match the pattern. */
export const nameWithoutMatch = (): Promise<MadeCohort> =>
  withPattern('no-match', ownPattern, ({ id }, i) => (i < 2 ? `scan ${i + 1}` : `${id}_S1`));

/** The pattern has no group that marks the part of a name that is the id. */
export const patternWithoutGroup = (): Promise<MadeCohort> =>
  withPattern('no-group', '^HX-[0-9]{4}', ({ id }) => `${id}_S1`);

/** Files of HX-0001 and HX-0002 have the same content. A warning names both. */
export const sameContentTwice = (): Promise<MadeCohort> =>
  withPattern(
    'copies',
    ownPattern,
    ({ id }) => `${id}_S1`,
    (patient, name, i) => (i < 2 ? npy(people[0] as MadePatient, 'copy') : npy(patient, name)),
  );

/** Instances have 4 numbers, but the experiment says 6. */
export const otherWidth = (): Promise<MadeCohort> =>
  withPattern(
    'width',
    ownPattern,
    ({ id }) => `${id}_S1`,
    () => npyBytes({ shape: [2, 4], data: new Float32Array(8) }),
  );
