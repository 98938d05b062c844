import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tablesFile, type Tables } from '../../src/operators/cohort/table-data.js';
import { tables } from '../../src/operators/cohort/tables.js';
import { HafError } from '../../src/pipeline/core/errors.js';
import type { SourceFile, StageOutput } from '../../src/pipeline/stage.js';
import { hancockTables, tableFiles } from '../support/hancock-tables.js';
import { runStage } from '../support/run-stage.js';
import { hancockFolder } from '../support/shared.js';

const targetsHeader = 'patient_id,survival_status,survival_status_with_cause,days_to_last_information';
const goodTargets = `${targetsHeader}\n001,living,living,100\n002,deceased,deceased tumor specific,\n`;
const fileOf: Readonly<Record<string, string>> = tableFiles;

/** Source files with the given text, by role. */
function written(texts: Readonly<Record<string, string>>): SourceFile[] {
  const folder = mkdtempSync(join(tmpdir(), 'haf-tables-'));
  return Object.entries(texts).map(([role, text]) => {
    const name = fileOf[role] ?? role;
    const path = join(folder, name);
    writeFileSync(path, text);
    return { role, name, path, sha256: '' };
  });
}

const read = async (
  texts: Readonly<Record<string, string>>,
): Promise<{ data: Tables; output: StageOutput }> => {
  const { output } = await runStage(tables, {
    config: {},
    sources: written({ targets: goodTargets, ...texts }),
  });
  return { data: output.files[tablesFile] as Tables, output };
};

const failure = async (texts: Readonly<Record<string, string>>): Promise<HafError> => {
  const error: unknown = await read(texts).then(
    () => new Error('the tables were accepted'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof HafError)) throw error;
  expect(error.code).toBe('HAF_TABLE_INVALID');
  return error;
};

describe('what is read', () => {
  it('normalises ids, takes empty cells as missing and accepts CRLF, a byte-order mark and blank lines', async () => {
    const { data } = await read({
      Cell: '\uFEFFpatient_id,cd3_z,cd3_inv,cd8_z,cd8_inv\r\npatient_7, 1.5 ,,2e1,-3\r\n\r\n"012",0,0,0,.5\r\n',
    });
    expect(data.tables.Cell?.rows).toEqual([
      { patient: '007', cells: [1.5, null, 20, -3] },
      { patient: '012', cells: [0, 0, 0, 0.5] },
    ]);
  });

  it('finds patient_id wherever it stands and keeps the other columns in file order', async () => {
    const { data } = await read({ ICD: 'c020,patient_id,c021\n1,5,3\n' });
    expect(data.tables.ICD?.columns.map(({ name }) => name)).toEqual(['c020', 'c021']);
    expect(data.tables.ICD?.rows).toEqual([{ patient: '005', cells: [1, 3] }]);
  });

  it('takes the codes of a nominal column from the whole file, ascending', async () => {
    const { data } = await read({ Clin: 'patient_id,smoking_status\n1,10\n2,2\n3,\n4,10\n' });
    expect(data.tables.Clin?.columns).toEqual([{ name: 'smoking_status', kind: 'nominal', codes: [2, 10] }]);
  });

  it('reads labels, causes and follow-up', async () => {
    const { data } = await read({});
    expect(data.targets).toEqual([
      { patient: '001', deceased: false, cause: 'living', followUpDays: 100 },
      { patient: '002', deceased: true, cause: 'deceased tumor specific', followUpDays: null },
    ]);
  });

  it('uses an unknown column as a number and says so; says which known columns are absent', async () => {
    const { data, output } = await read({ Cell: 'patient_id,cd3_z,cd3_inv,cd8_z,pdl1\n1,1,1,1,4\n' });
    expect(data.tables.Cell?.columns.at(-1)).toEqual({ name: 'pdl1', kind: 'numeric' });
    expect(output.problems?.map(({ severity, file, place }) => [severity, file, place])).toEqual([
      ['warning', 'tma_cell_density.csv', 'pdl1'],
      ['warning', 'tma_cell_density.csv', 'cd8_inv'],
    ]);
  });

  it('does without follow-up times, with a warning', async () => {
    const { data, output } = await read({
      targets: 'patient_id,survival_status,survival_status_with_cause\n1,living,living\n',
    });
    expect(data.targets[0]?.followUpDays).toBeNull();
    expect(output.problems?.map(({ severity, place }) => [severity, place])).toEqual([
      ['warning', 'days_to_last_information'],
    ]);
  });
});

describe('what is refused', () => {
  it('lists the faults of all files at once, each with file, line and column', async () => {
    const error = await failure({
      targets: `${targetsHeader}\n1,alive,living,5\n2,living,deceased,5\n3,deceased,unknown,soon\n`,
      Clin: 'patient_id,sex,age_at_initial_diagnosis\n001,0,NA\n1,1,50\nnone,1,60\n4,2,"1,5"\n5,1\n',
      Path: 'patient_id,grading\n1,0.5\n',
    });
    expect(error.what.split('\n').slice(1, -1)).toEqual([
      '  targets.csv:2 survival_status: "alive" is none of "living", "deceased"',
      '  targets.csv:3 survival_status_with_cause: "deceased" contradicts survival_status "living"',
      expect.stringMatching(/^ {2}targets\.csv:4 survival_status_with_cause: "unknown" is none of "living"/),
      '  targets.csv:4 days_to_last_information: "soon" is not a number',
      '  clinical.csv:2 age_at_initial_diagnosis: "NA" is not a number',
      '  clinical.csv:3 patient_id: "1" is patient 001, who is in line 2 already',
      '  clinical.csv:4 patient_id: "none" has no digits',
      '  clinical.csv:5 sex: 2 where only 0 and 1 can stand',
      '  clinical.csv:5 age_at_initial_diagnosis: "1,5" is not a number',
      '  clinical.csv:6: 2 cells where the header has 3',
      '  pathological.csv:2 grading: 0.5 is not a whole-number code',
    ]);
    expect(error.what).toMatch(/^11 problems in the tables:/);
  });

  it('names the columns it found when patient_id is not one of them', async () => {
    expect((await failure({ Blood: 'id,Hemoglobin\n1,2\n' })).what).toContain(
      'blood.csv:1: no column "patient_id"; found "id", "Hemoglobin"',
    );
  });

  it('recognises a table that is not separated by commas', async () => {
    expect((await failure({ Clin: 'patient_id;sex\n1;0\n' })).what).toContain('separated by commas');
  });

  it.each([
    ['an empty file', '', 'clinical.csv: the file is empty'],
    ['a nameless column', 'patient_id,,sex\n1,0,0\n', 'clinical.csv:1: column 2 has no name'],
    ['a repeated column', 'patient_id,sex,sex\n1,0,0\n', 'clinical.csv:1: column "sex" appears twice'],
    ['a table of ids only', 'patient_id\n1\n', 'clinical.csv:1: no column besides "patient_id"'],
    ['an open quote', 'patient_id,sex\n1,"0\n', 'Quote Not Closed'],
  ])('refuses %s', async (_, text, problem) => {
    expect((await failure({ Clin: text })).what).toContain(problem);
  });

  it.each(['survival_status', 'survival_status_with_cause'])(
    'asks for the outcome column %s',
    async (column) => {
      const error = await failure({ targets: `${goodTargets.replace(`,${column},`, ',other,')}` });
      expect(error.what).toContain(`targets.csv:1: no column "${column}"; found`);
    },
  );

  it('counts the faults that do not fit the list', async () => {
    const rows = Array.from({ length: 25 }, (_, at) => `${at},x`).join('\n');
    const error = await failure({ ICD: `patient_id,c020\n${rows}\n` });
    expect(error.what.split('\n')).toHaveLength(1 + 20 + 1 + 1);
    expect(error.what).toContain('... and 5 more');
  });

  it('needs an outcome table', async () => {
    await expect(runStage(tables, { config: {}, sources: [] })).rejects.toMatchObject({
      code: 'HAF_DATA_MISSING',
    });
  });
});

describe.skipIf(hancockFolder === null)('HANCOCK tables', () => {
  it('reads every row and cell without a problem', async () => {
    const { output } = await runStage(tables, { config: {}, sources: hancockTables() });
    const data = output.files[tablesFile] as Tables;
    expect(output.problems).toEqual([]);
    expect(data.targets).toHaveLength(763);
    expect(data.targets.filter(({ deceased }) => deceased)).toHaveLength(213);
    expect(data.targets.every(({ followUpDays }) => followUpDays !== null)).toBe(true);
    const counted = Object.entries(data.tables).map(([modality, { columns, rows }]) => [
      modality,
      rows.length,
      columns.length,
      rows.flatMap(({ cells }) => cells).filter((cell) => cell === null).length,
    ]);
    expect(counted).toEqual([
      ['Clin', 763, 4, 24],
      ['Path', 763, 15, 654],
      ['Blood', 692, 16, 0],
      ['ICD', 712, 40, 0],
      ['Cell', 736, 4, 130],
    ]);
  });
});
