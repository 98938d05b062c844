import { writeSafetensors } from '../../src/operators/tensor/safetensors.js';
import {
  bag,
  bagOf,
  clinical,
  clinicalRows,
  makeCohortOf,
  measured,
  measuredRows,
  npy,
  npzByPatient,
  patientsOf,
  type MadeCohort,
  type MadePatient,
  type Rows,
} from './made-cohort.js';

/** Small cohorts, one for each common way to name patients and files. None has a fault: `up` should run and find every patient. */

const four = (n: number): string => String(n).padStart(4, '0');
/** One bag file per name, by patient: `{ 'features/P001_S1.npy': ... }`. */
const filesOf = (
  patients: readonly MadePatient[],
  namesOf: (patient: MadePatient, index: number) => readonly string[],
): Readonly<Record<string, Uint8Array>> =>
  Object.fromEntries(
    patients.flatMap((patient, index) =>
      namesOf(patient, index).map((name) => [`features/${name}.npy`, npy(patient, name)]),
    ),
  );

/** Ids `TCGA-4A-AA01`. The slide names are longer barcodes, and a pattern extracts the id. Some patients have two slides. */
export function tcgaBarcodes(): Promise<MadeCohort> {
  const sites = ['4A', 'BR', 'CQ'];
  const patients = patientsOf(30, (n) => `TCGA-${sites[n % 3]}-A${four(n).slice(1)}`);
  const slideOf = ({ id }: MadePatient, nth: number): string => `${id}-01Z-00-DX${nth}.0F3A9C${nth}`;
  return makeCohortOf({
    name: 'tcga',
    patients,
    modalities: {
      Clin: clinical,
      WSI: bag('features/*.h5', { pattern: String.raw`^(?<patient>TCGA-\w\w-\w{4})` }),
    },
    h5: Object.fromEntries(
      patients.flatMap((patient, index) =>
        (index % 4 === 0 ? [1, 2] : [1]).map((nth) => {
          const name = slideOf(patient, nth);
          return [`features/${name}.h5`, bagOf(patient, name)];
        }),
      ),
    ),
  });
}

/**
 * Slides `P001_S1` to `P030_S3`: first the patient, then the slide. The last digits of a name belong to the slide. A rule that takes
 * them for the id would assign the slides of thirty patients to three.
 */
export function patientSlideNames(): Promise<MadeCohort> {
  const patients = patientsOf(30, (n) => `P${four(n).slice(1)}`);
  return makeCohortOf({
    name: 'p001-s1',
    patients,
    modalities: { Clin: clinical, WSI: bag('features/*.npy', { pattern: '^(?<patient>[^_]+)_S[0-9]+$' }) },
    files: filesOf(patients, ({ id }) => [`${id}_S1`, `${id}_S2`, `${id}_S3`]),
  });
}

/** Accession numbers of 18 digits that differ in the last three. As JavaScript numbers, many of them would be equal. */
export function accessionNumbers(): Promise<MadeCohort> {
  const patients = patientsOf(32, (n) => `120394857610293${four(n).slice(1)}`);
  return makeCohortOf({
    name: 'accession',
    patients,
    modalities: { Clin: clinical, Lab: measured('lab.csv'), WSI: bag('features/*.npy') },
    tables: { 'lab.csv': measuredRows(patients, 'lab') },
    files: filesOf(patients, ({ id }) => [id]),
  });
}

/** Ids `2019-0001` and `2020-0001`: a year and a number, neither of which is the id alone. One file holds all bags, by id. */
export function yearsInIds(): Promise<MadeCohort> {
  const patients = patientsOf(36, (n) => `${2018 + (n % 3)}-${four(Math.floor((n - 1) / 3))}`);
  return makeCohortOf({
    name: 'years',
    patients,
    modalities: { Clin: clinical, Lab: measured('lab.csv'), TMA: bag('cores.npz') },
    tables: { 'lab.csv': measuredRows(patients, 'lab') },
    files: { 'cores.npz': npzByPatient(patients, 'cores') },
  });
}

/** Ids with leading zeros: `07`, `007` and `0007` are three patients. One safetensors file holds all bags, by id. */
export function leadingZeros(): Promise<MadeCohort> {
  const patients = patientsOf(30, (n) => String(Math.ceil(n / 3)).padStart(2 + (n % 3), '0'));
  const arrays = patients.map((patient) => [patient.id, bagOf(patient, `zeros/${patient.id}`)] as const);
  return makeCohortOf({
    name: 'zeros',
    patients,
    modalities: { Clin: clinical, Cells: bag('cells.safetensors') },
    files: { 'cells.safetensors': writeSafetensors(Object.fromEntries(arrays)) },
  });
}

const accents = ['Zo\u00eb', '\u00c5sa', 'Ren\u00e9', 'J\u00fcrgen', 'N\u00fa\u00f1ez'];

/**
 * Ids with accents. The clinical table writes an accented letter as one character (NFC), as Windows and Linux do. The laboratory
 * table and the feature file names write letter and accent as two characters (NFD), as macOS does. They look the same and mean the
 * same patients.
 */
export function composedAndDecomposed(): Promise<MadeCohort> {
  const patients = patientsOf(30, (n) => `${accents[n % 5]}-${four(n)}`.normalize('NFC'));
  const decomposed = (id: string): string => id.normalize('NFD');
  return makeCohortOf({
    name: 'accents',
    patients,
    modalities: { Clin: clinical, Lab: measured('lab.csv'), WSI: bag('features/*.npy') },
    tables: { 'lab.csv': measuredRows(patients, 'lab', 3, { idOf: decomposed }) },
    files: filesOf(patients, ({ id }) => [decomposed(id)]),
  });
}

/**
 * Ids with spaces around them in one table, and a tab or a no-break space in another. Spreadsheet programs do not show these
 * characters.
 */
export function blanksAroundIds(): Promise<MadeCohort> {
  const patients = patientsOf(30, (n) => `HX ${four(n)}`);
  const padded = (id: string): string =>
    id.endsWith('3') ? `${id}\u00a0` : id.endsWith('4') ? `\t${id}` : id;
  return makeCohortOf({
    name: 'blanks',
    patients,
    modalities: { Clin: clinical, Lab: measured('lab.csv') },
    tables: {
      'clini.csv': clinicalRows(patients, (id) => `${id}  `),
      'lab.csv': measuredRows(patients, 'lab', 3, { idOf: padded }),
    },
  });
}

/** Each table has another name for the id column; `data.patients.id` lists the names. */
export function idColumnsOfManyNames(): Promise<MadeCohort> {
  const patients = patientsOf(30, (n) => `HX-${four(n)}`);
  return makeCohortOf({
    name: 'id-columns',
    patients,
    data: { patients: { id: ['PATIENT', 'Sample ID', 'case'] } },
    modalities: { Clin: clinical, Lab: measured('lab.csv'), RNA: measured('rna.csv') },
    tables: {
      'lab.csv': measuredRows(patients, 'lab', 3, { id: 'Sample ID' }),
      'rna.csv': measuredRows(patients, 'gene', 6, { id: 'case' }),
    },
  });
}

/** A slide table assigns slides to patients. Some patients have no slide, and some have no row in the laboratory table. */
export function slideTable(): Promise<MadeCohort> {
  const patients = patientsOf(30, (n) => `HC-${n % 2 === 0 ? '4A' : 'K7'}-${four(Math.ceil(n / 2))}`);
  const withSlide = patients.filter((_, i) => i % 6 !== 5);
  const slideOf = (index: number): string => `S-2019-${four(731 * (index + 1))}-A1`;
  return makeCohortOf({
    name: 'slide-table',
    patients,
    modalities: {
      Clin: clinical,
      Lab: measured('lab.csv'),
      WSI: bag('features/*.npy', { table: 'slides.csv', file: 'FILENAME' }),
    },
    tables: {
      'lab.csv': measuredRows(
        patients.filter((_, i) => i % 7 !== 3),
        'lab',
      ),
      'slides.csv': [['PATIENT', 'FILENAME'], ...withSlide.map(({ id }, i) => [id, `${slideOf(i)}.npy`])],
    },
    files: filesOf(withSlide, (_, i) => [slideOf(i)]),
  });
}

/** One modality: a table that also contains the outcome. */
export function oneTable(): Promise<MadeCohort> {
  return makeCohortOf({
    name: 'one-table',
    patients: patientsOf(30, (n) => `HX-${four(n)}`),
    modalities: { Clin: clinical },
  });
}

/** One modality: a bag. The outcome is in a separate table. */
export function oneBag(): Promise<MadeCohort> {
  const patients = patientsOf(30, (n) => `HX-${four(n)}`);
  return makeCohortOf({
    name: 'one-bag',
    patients,
    modalities: { WSI: bag('features/*.npy') },
    files: filesOf(patients, ({ id }) => [id]),
  });
}

/** Twelve tables in twelve files. Each patient is missing from two of them. */
export function twelveTables(): Promise<MadeCohort> {
  const patients = patientsOf(40, (n) => `HX-${four(n)}`);
  const names = Array.from({ length: 12 }, (_, i) => `Panel${i + 1}`);
  const rowsOf = (name: string, index: number): Rows =>
    measuredRows(
      patients.filter((_, i) => (i + index) % 6 !== 0),
      name,
      2 + (index % 4),
    );
  return makeCohortOf({
    name: 'twelve',
    patients,
    modalities: Object.fromEntries(names.map((name) => [name, measured(`${name}.csv`)])),
    methods: ['drop'],
    tables: Object.fromEntries(names.map((name, index) => [`${name}.csv`, rowsOf(name, index)])),
  });
}

/** Fifty modalities: forty tables of two columns, and ten bags in one file each. */
export function fiftyModalities(): Promise<MadeCohort> {
  const patients = patientsOf(24, (n) => `HX-${four(n)}`);
  const tables = Array.from({ length: 40 }, (_, i) => `T${i + 1}`);
  const bags = Array.from({ length: 10 }, (_, i) => `B${i + 1}`);
  return makeCohortOf({
    name: 'fifty',
    patients,
    modalities: Object.fromEntries([
      ...tables.map((name) => [name, measured(`tables/${name}.csv`)] as const),
      ...bags.map((name) => [name, bag(`bags/${name}.npz`)] as const),
    ]),
    methods: ['drop'],
    tables: Object.fromEntries(tables.map((name) => [`tables/${name}.csv`, measuredRows(patients, name, 2)])),
    files: Object.fromEntries(bags.map((name) => [`bags/${name}.npz`, npzByPatient(patients, name)])),
  });
}
