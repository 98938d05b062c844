import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultMissing } from '../../src/pipeline/config/data-schema.js';
import { readTextTable, type TextTable } from '../../src/operators/tables/text-table.js';
import { typedTable } from '../../src/operators/tables/typed-table.js';
import { casesFolder, cohortsFolder } from '../support/shared.js';
import { faultTexts } from '../support/table-files.js';

const read = (folder: string | null, path: string, id: string): Promise<TextTable> =>
  readTextTable(join(folder ?? '', path), { name: path, id: [id], missing: defaultMissing });

describe.skipIf(casesFolder === null)('cases', () => {
  it.each([
    ['table-empty-tail/input/data/tma_cell_density.csv', 12, 4],
    ['table-mixed-line-ends/input/data/tma_cell_density.csv', 12, 4],
    ['table-encodings/input/utf16/data/blood.csv', 12, 2],
    ['table-encodings/input/sep-line/data/blood.csv', 12, 2],
    ['table-encodings/input/semicolon-comma-titles/data/blood.csv', 12, 2],
    ['table-encodings/input/windows-1252/data/blood.csv', 12, 2],
  ])('%s is read', async (path, patients, columns) => {
    const text = await read(casesFolder, path, 'patient_id');
    expect(faultTexts(text)).toEqual([]);
    const { table, faults } = typedTable(text, { columns: {}, others: 'numeric' });
    expect(faults).toEqual([]);
    expect([table.patients.length, table.columns.length]).toEqual([patients, columns]);
    expect(table.cells.every(Number.isFinite)).toBe(true);
  });

  it('ids of 18 digits stay apart', async () => {
    const text = await read(casesFolder, 'ids-18-digits/input/data/targets.csv', 'patient_id');
    expect(faultTexts(text)).toEqual([]);
    expect(text.patients[0]).toBe('202300000000000001');
  });

  it('ids written as decimals are one fault', async () => {
    const text = await read(
      casesFolder,
      'ids-decimal/input/one-table/data/tma_cell_density.csv',
      'patient_id',
    );
    expect(faultTexts(text)).toHaveLength(1);
    expect(faultTexts(text)[0]).toMatch(/written as decimal numbers \("1.0"\)/);
  });

  it('the row index is refused by name', async () => {
    const text = await read(casesFolder, 'index-column/input/data/blood.csv', 'patient_id');
    const { faults, left } = typedTable(text, { columns: {}, others: 'numeric' });
    expect(faultTexts({ faults })).toHaveLength(1);
    expect(left).toEqual([{ column: 'Unnamed: 0', reason: 'row number' }]);
  });
});

describe.skipIf(cohortsFolder === null)('cohorts', () => {
  it.each([
    [
      'nki70/clini.csv',
      'PATIENT',
      { Diam: 'binary', N: 'binary', ER: 'binary', Grade: 'nominal', Age: 'numeric' },
    ],
    ['nki70/rna.csv', 'PATIENT', { TSPYL5: 'numeric' }],
    ['hepato/clinical.tsv', 'Case ID', { Gender: 'binary', 'Vital status': 'binary', Age: 'numeric' }],
    ['hepato/markers.csv', 'Case ID', { CXCL17T: 'numeric' }],
    ['hancock-foreign/clini_table.csv', 'PATIENT', { GENDER: 'binary', SMOKING: 'nominal', AGE: 'numeric' }],
    ['hancock-foreign/pathology_report.tsv', 'case', { pT_stage: 'nominal', grading: 'nominal' }],
    ['hancock-foreign/lab.csv', 'Sample ID', {}],
    ['hancock-foreign/diagnoses.csv', 'Sample ID', { c020: 'binary' }],
    ['hancock-foreign/cell_counts.csv', 'Sample ID', { cd3_z: 'numeric' }],
  ])('%s is read, all kinds inferred', async (path, id, kinds) => {
    const text = await read(cohortsFolder, path, id);
    expect(faultTexts(text)).toEqual([]);
    const { table, faults } = typedTable(text, { columns: {}, others: 'infer' });
    expect(faultTexts({ faults })).toEqual([]);
    const found = Object.fromEntries(table.columns.map(({ name, kind }) => [name, kind]));
    expect(found).toMatchObject(kinds);
  });
});
