import { describe, expect, it } from 'vitest';
import { tables } from '../../src/operators/cohort/tables.js';
import { readTypedTable } from '../../src/operators/tables/typed-table-data.js';
import type { TypedTable } from '../../src/operators/tables/typed-table.js';
import { outcomeFile, type Outcome } from '../../src/operators/cohort/outcome-data.js';
import { HafError } from '../../src/pipeline/core/errors.js';
import type { ModalityId } from '../../src/pipeline/core/modality.js';
import type { Problem } from '../../src/pipeline/core/problem.js';
import { hancockOutcome, hancockTable, tableFiles } from '../support/hancock-tables.js';
import { outcomeArtifact, outcomesOf } from '../support/join-cohort.js';
import type { Changes } from '../support/resolved-config.js';
import { runStage, scratchArtifact } from '../support/run-stage.js';
import { writtenTable } from '../support/written-table.js';
import { hancockFolder } from '../support/shared.js';

interface Read {
  readonly table: TypedTable;
  /** Rows as written: the cells of a patient, null where one is missing. */
  readonly rows: readonly (readonly [patient: string, ...cells: (number | null)[]])[];
  readonly problems: readonly Problem[];
}

/** Reads one table of HANCOCK. The patients in `labelled` have an outcome. By default, patients 000 to 029 have one. */
async function read(
  modality: ModalityId,
  text: string | readonly string[],
  { config = {}, labelled }: { readonly config?: Changes; readonly labelled?: readonly string[] } = {},
): Promise<Read> {
  const names = [tableFiles[modality] ?? 'table.csv', 'more.csv', 'third.csv'];
  const sources = [text].flat().map((one, at) => writtenTable('table', names[at] ?? '', one));
  const known = labelled ?? Array.from({ length: 30 }, (_, i) => String(i).padStart(3, '0'));
  const outcome = outcomeArtifact(outcomesOf(Object.fromEntries(known.map((id) => [id, 'l']))));
  const run = { config, unit: { modality }, sources, inputs: { outcome: [outcome] } };
  const { output } = await runStage(tables, run);
  const table = readTypedTable(scratchArtifact('table', {}, output.files));
  const { length: width } = table.columns;
  const rows = table.patients.map((patient, row): Read['rows'][number] => [
    patient,
    ...Array.from(table.cells.subarray(row * width, (row + 1) * width), (cell) =>
      Number.isNaN(cell) ? null : cell,
    ),
  ]);
  return { table, rows, problems: output.problems ?? [] };
}

async function failure(...given: Parameters<typeof read>): Promise<HafError> {
  const error: unknown = await read(...given).then(
    () => new Error('the table was accepted'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof HafError)) throw error;
  expect(error.code).toBe('HAF_TABLE_INVALID');
  return error;
}

describe('a table of HANCOCK', () => {
  it('normalises ids, takes empty cells as missing and accepts CRLF, a byte-order mark and blank lines', async () => {
    const { rows } = await read(
      'Cell',
      '\uFEFFpatient_id,cd3_z,cd3_inv,cd8_z,cd8_inv\r\npatient_7, 1.5 ,,2e1,-3\r\n\r\n"012",0,0,0,.5\r\n',
    );
    expect(rows).toEqual([
      ['007', 1.5, null, 20, -3],
      ['012', 0, 0, 0, 0.5],
    ]);
  });

  it('finds patient_id wherever it stands and keeps the other columns in file order', async () => {
    const { table, rows } = await read('ICD', 'c020,patient_id,c021\n1,5,3\n');
    expect(table.columns.map(({ name }) => name)).toEqual(['c020', 'c021']);
    expect(rows).toEqual([['005', 1, 3]]);
  });

  it('takes the categories of a nominal column from the whole file, numbers ascending', async () => {
    const { table, rows } = await read('Clin', 'patient_id,smoking_status\n1,10\n2,2\n3,\n4,10\n');
    expect(table.columns).toMatchObject([
      { name: 'smoking_status', kind: 'nominal', categories: ['2', '10'], inferred: false },
    ]);
    expect(rows.map(([, cell]) => cell)).toEqual([1, 0, null, 1]);
  });

  it('reads words where the dataset has codes', async () => {
    const { table, rows } = await read(
      'Clin',
      'patient_id,sex,smoking_status\n1,female,never\n2,male,former\n3,male,NA\n',
    );
    expect(table.columns).toMatchObject([
      { name: 'sex', kind: 'binary', categories: ['female', 'male'] },
      { name: 'smoking_status', kind: 'nominal', categories: ['former', 'never'] },
    ]);
    expect(rows).toEqual([
      ['001', 0, 1],
      ['002', 1, 0],
      ['003', 1, null],
    ]);
  });

  it('keeps a column that is constant or empty: the width does not depend on the patients', async () => {
    const { table } = await read('Cell', 'patient_id,cd3_z,cd3_inv,cd8_z,cd8_inv\n1,1,,2,3\n2,1,,4,5\n');
    expect(table.columns).toHaveLength(4);
  });

  it('uses an unknown column and says so; says which known columns are absent', async () => {
    const { table, problems } = await read(
      'Cell',
      'patient_id,cd3_z,cd3_inv,cd8_z,pdl1\n1,1,1,1,4\n2,1,1,1,5.5\n3,1,1,1,6\n',
    );
    expect(table.columns.at(-1)).toMatchObject({ name: 'pdl1', kind: 'numeric', inferred: true });
    expect(
      problems
        .filter(({ severity, place }) => severity === 'warning' && place !== null)
        .map(({ file, place }) => [file, place]),
    ).toEqual([
      ['tma_cell_density.csv', 'pdl1'],
      ['tma_cell_density.csv', 'cd8_inv'],
    ]);
  });

  it('counts the columns of a table whose columns have no kinds of their own', async () => {
    const { problems } = await read('Blood', 'patient_id,Hemoglobin\n1,2\n2,3\n');
    expect(problems.map(({ reason }) => reason)).toContain(
      'Blood has 1 columns where HANCOCK has 16; all of them are used.',
    );
  });

  it('warns of rows whose patient has no outcome', async () => {
    const { problems } = await read(
      'Cell',
      'patient_id,cd3_z,cd3_inv,cd8_z,cd8_inv\n1,1,1,1,1\n900,2,2,2,2\n',
    );
    expect(
      problems
        .filter(({ patient }) => patient !== null)
        .map(({ severity, patient, place }) => [severity, patient, place]),
    ).toEqual([['warning', '900', 'Cell']]);
  });

  it('lists all faults of the file at once, each with line and column', async () => {
    const { what } = await failure(
      'Clin',
      'patient_id,sex,age_at_initial_diagnosis\n001,0,old\n1,1,50\nnone,1,60\n4,2,"1,5"\n5,1,44\n6,0,41\n',
    );
    expect(what).toContain('clinical.csv:3 patient_id: "1" and "001" of line 2 would both be patient "001"');
    expect(what).toContain('clinical.csv:4 patient_id: "none" is not an id');
  });

  it('names line and column of cells that do not fit the declared kind, of all columns at once', async () => {
    const { what } = await failure(
      'Clin',
      'patient_id,sex,age_at_initial_diagnosis\n1,0,old\n2,1,50\n3,2,60\n4,1,61\n',
    );
    expect(what).toMatch(/clinical\.csv sex: .*"2" \(line 4\)/);
    expect(what).toMatch(/clinical\.csv:2 age_at_initial_diagnosis: .*"old"/);
    expect(what).toMatch(/^2 problems in the tables:/);
  });

  it('names the columns it found when patient_id is not one of them', async () => {
    const { what } = await failure('Blood', 'id,Hemoglobin\n1,2\n');
    expect(what).toMatch(/blood\.csv:1: no column "patient_id".*Columns: "id", "Hemoglobin"/);
  });

  it.each([
    ['an empty file', '', 'clinical.csv: the file is empty'],
    ['a nameless column', 'patient_id,,sex\n1,0,0\n', 'clinical.csv:1: column 2 has no name'],
    ['a repeated column', 'patient_id,sex,sex\n1,0,0\n', 'clinical.csv:1: a column name stands twice: "sex"'],
    ['a table of ids only', 'patient_id\n1\n', 'clinical.csv:1: it has no column besides "patient_id"'],
  ])('refuses %s', async (_, text, problem) => {
    expect((await failure('Clin', text)).what).toContain(problem);
  });

  it('reads a table that is not separated by commas', async () => {
    const { rows } = await read('Clin', 'patient_id;sex;age_at_initial_diagnosis\n1;0;50,5\n2;1;60\n');
    expect(rows).toEqual([
      ['001', 0, 50.5],
      ['002', 1, 60],
    ]);
  });
});

describe('a table of an own cohort', () => {
  const own = (declared: object, more: object = {}): { config: Changes; labelled: readonly string[] } => ({
    config: {
      data: {
        layout: 'own',
        patients: { id: 'PATIENT' },
        outcome: {
          file: 'clini.csv',
          event: { column: 'DEAD', positive: [1], negative: [0] },
          time: { column: 'MONTHS', unit: 'months' },
        },
        modalities: { Clin: { kind: 'table', file: 'clini.csv', ...declared } },
        ...more,
      },
    },
    labelled: ['A-1', 'A-2', 'A-3', '7', '007'],
  });

  it('keeps ids as they are written and never takes the outcome for an input', async () => {
    const { table, rows } = await read(
      'Clin',
      'PATIENT,DEAD,MONTHS,stage,age\nA-1,1,3,II,50\n7,0,9,I,61\n007,0,5,II,47\n',
      own({ columns: { stage: { ordinal: ['I', 'II'] } } }),
    );
    expect(table.columns).toMatchObject([
      { name: 'stage', kind: 'ordinal', categories: ['I', 'II'], inferred: false },
      { name: 'age', kind: 'numeric', inferred: true },
    ]);
    expect(rows).toEqual([
      ['A-1', 1, 50],
      ['7', 0, 61],
      ['007', 1, 47],
    ]);
  });

  it('refuses a column of the outcome that is declared as an input, by its name', async () => {
    const { what } = await failure(
      'Clin',
      'PATIENT,DEAD,age\nA-1,1,50\nA-2,0,61\n',
      own({ columns: { DEAD: 'binary' } }),
    );
    expect(what).toMatch(/DEAD: the column is part of the outcome/);
  });

  it('joins several files by id; a column may stand in one of them only', async () => {
    const declared = { file: ['clini.csv', 'more.csv'], columns: { age: 'numeric', size: 'numeric' } };
    const { table, rows } = await read(
      'Clin',
      ['PATIENT,age\nA-1,50\nA-2,61\n', 'PATIENT,size\nA-2,3.5\nA-3,2\n'],
      own(declared),
    );
    expect(table.columns.map(({ name }) => name)).toEqual(['age', 'size']);
    expect(new Map(rows.map(([id, ...cells]) => [id, cells]))).toEqual(
      new Map([
        ['A-1', [50, null]],
        ['A-2', [61, 3.5]],
        ['A-3', [null, 2]],
      ]),
    );
    const { what } = await failure(
      'Clin',
      ['PATIENT,age\nA-1,50\nA-2,61\n', 'PATIENT,age\nA-1,50\nA-3,2\n'],
      own({ file: declared.file }),
    );
    expect(what).toContain('more.csv age: the column is in clinical.csv, too');
  });

  it('says which declared column no file has, and the closest one', async () => {
    const { what } = await failure(
      'Clin',
      'PATIENT,Age,size\nA-1,50,1\nA-2,61,2\n',
      own({ columns: { Aeg: 'numeric' } }),
    );
    expect(what).toMatch(/Aeg: the declared column is not in the file; the closest is "Age"/);
  });

  it('takes its own id column and the words of data.patients.missing', async () => {
    const more = { patients: { id: 'PATIENT', missing: ['nd'] } };
    const { rows } = await read(
      'Clin',
      'case;age;size\nA-1;50;ND\nA-2;nd;2,5\nA-3;70;3\n',
      own({ id: 'case', others: 'numeric' }, more),
    );
    expect(rows).toEqual([
      ['A-1', 50, null],
      ['A-2', null, 2.5],
      ['A-3', 70, 3],
    ]);
  });
});

describe.skipIf(hancockFolder === null)('HANCOCK tables', () => {
  it('reads every row and cell without a problem', async () => {
    const outcome = await hancockOutcome();
    const { patients } = outcome.files[outcomeFile] as Outcome;
    expect(patients).toHaveLength(763);
    expect(patients.filter(({ y }) => y === 1)).toHaveLength(213);
    expect(patients.every(({ followUpDays }) => followUpDays !== null)).toBe(true);
    const counted: unknown[] = [];
    for (const modality of ['Clin', 'Path', 'Blood', 'ICD', 'Cell']) {
      const { table, problems } = await hancockTable(modality, outcome);
      expect(problems.filter(({ severity }) => severity !== 'info')).toEqual([]);
      counted.push([
        modality,
        table.patients.length,
        table.columns.length,
        table.cells.filter(Number.isNaN).length,
      ]);
    }
    expect(counted).toEqual([
      ['Clin', 763, 4, 24],
      ['Path', 763, 15, 654],
      ['Blood', 692, 16, 0],
      ['ICD', 712, 40, 0],
      ['Cell', 736, 4, 130],
    ]);
  });
});
