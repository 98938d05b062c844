import { describe, expect, it } from 'vitest';
import { designSchema } from '../../src/operators/classic/design-data.js';
import { designColumns, designMatrix, fitDesign } from '../../src/operators/classic/design-matrix.js';
import type { TypedTable } from '../../src/operators/tables/typed-table.js';

const table: TypedTable = {
  columns: [
    { name: 'age', kind: 'numeric', inferred: true },
    { name: 'sex', kind: 'binary', categories: ['female', 'male'], inferred: true },
    { name: 'site', kind: 'nominal', categories: ['larynx', 'oral', 'rare'], inferred: true },
    { name: 'code', kind: 'nominal', inferred: false },
    { name: 'empty', kind: 'numeric', inferred: true },
  ],
  patients: ['a', 'b', 'c', 'd'],
  cells: Float64Array.from([
    ...[50, 0, 0, 7, NaN],
    ...[NaN, 1, 1, 9, NaN],
    ...[70, 1, NaN, 7, NaN],
    ...[99, 0, 2, 8, 4],
  ]),
};
const tables = [{ modality: 'Clin', table }];
const design = fitDesign(tables, ['a', 'b', 'c']);
const rowOf = (patient: string, given = tables, open?: (row: number, modality: string) => boolean) => [
  ...designMatrix(design, given, [patient], open).values,
];

describe('the design matrix of tables', () => {
  it('has columns of training patients alone: means, categories that they have, marks for cells that they miss', () => {
    expect(designColumns(design)).toEqual([
      ...['Clin.age', 'Clin.age missing', 'Clin.sex'],
      ...['Clin.site = larynx', 'Clin.site = oral', 'Clin.site missing', 'Clin.code = 7', 'Clin.code = 9'],
    ]);
    expect(rowOf('a')).toEqual([50, 0, 0, 1, 0, 0, 1, 0]);
    expect(rowOf('b')).toEqual([60, 1, 1, 0, 1, 0, 0, 1]);
    expect(rowOf('c')).toEqual([70, 0, 1, 0, 0, 1, 1, 0]);
  });

  it('gives 0 in all columns to a category that no training patient has', () => {
    expect(rowOf('d')).toEqual([99, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('has all cells missing for a patient without a row, of a table that is not given, and of a hidden one', () => {
    const missing = [60, 1, 2 / 3, 0, 0, 1, 0, 0];
    expect(rowOf('nobody')).toEqual(missing);
    expect(rowOf('a', [])).toEqual(missing);
    expect(rowOf('a', tables, () => false)).toEqual(missing);
  });

  it('has the means of those with a row for a patient without one, where asked: of numbers, shares of categories, and of marks', () => {
    const own = fitDesign(tables, ['a', 'b', 'c', 'nobody'], { absent: 'mean' });
    const means = [60, 1 / 3, 2 / 3, 1 / 3, 1 / 3, 1 / 3, 2 / 3, 1 / 3];
    const rows = [
      designMatrix(own, tables, ['a', 'nobody']),
      designMatrix(own, [], ['a', 'nobody']),
      designMatrix(own, tables, ['a', 'b'], (row) => row === 0),
    ].map(({ values, columns }) => [[...values.subarray(0, columns)], [...values.subarray(columns)]]);
    const seen = [50, 0, 0, 1, 0, 0, 1, 0];
    [
      [seen, means],
      [means, means],
      [seen, means],
    ].forEach((expected, at) =>
      expected.forEach((row, patient) =>
        row.forEach((value, k) => expect(rows[at]?.[patient]?.[k]).toBeCloseTo(value, 12)),
      ),
    );
    // If the patient has a row in the table but the cell is missing, the "missing" column of this cell is 1.
    expect([...designMatrix(own, tables, ['c']).values]).toEqual([70, 0, 1, 0, 0, 1, 1, 0]);
  });

  it('marks columns with the same missing cells once where asked, in each table', () => {
    const columns = ['x', 'y', 'z'].map((name) => ({ name, kind: 'numeric' as const, inferred: true }));
    const cells = Float64Array.from([NaN, NaN, 1, 2, 3, NaN]);
    const two = ['A', 'B'].map((modality) => ({ modality, table: { columns, patients: ['a', 'b'], cells } }));
    const marksOf = (marks: 'each' | 'once') =>
      designColumns(fitDesign(two, ['a', 'b'], { marks })).filter((name) => name.endsWith('missing'));
    expect(marksOf('each')).toHaveLength(6);
    expect(marksOf('once')).toEqual(
      ['A', 'B'].flatMap((table) => [`${table}.x missing`, `${table}.z missing`]),
    );
  });

  it('survives JSON, and remembers the range of the training patients', () => {
    const read = designSchema.parse(JSON.parse(JSON.stringify(design)));
    expect(read).toEqual(design);
    expect(read.tables[0]?.columns[0]).toMatchObject({ mean: 60, range: [50, 70] });
  });

  it('reads categories by their words: a table that numbers them otherwise, with columns in another order', () => {
    const other: TypedTable = {
      columns: [
        { name: 'site', kind: 'nominal', categories: ['new', 'oral', 'larynx'], inferred: true },
        { name: 'sex', kind: 'binary', categories: ['male', 'female'], inferred: true },
        { name: 'code', kind: 'nominal', categories: ['9', '7'], inferred: true },
        { name: 'age', kind: 'numeric', inferred: true },
      ],
      patients: ['x', 'y'],
      cells: Float64Array.from([2, 0, 1, 50, 0, 1, 0, NaN]),
    };
    const given = [{ modality: 'Clin', table: other }];
    expect(rowOf('x', given)).toEqual([50, 0, 1, 1, 0, 0, 1, 0]);
    expect(rowOf('y', given)).toEqual([60, 1, 0, 0, 0, 0, 0, 1]);
  });

  it('refuses a table that lacks a column of the model', () => {
    const columns = table.columns.map((column) =>
      column.name === 'sex' ? { ...column, name: 'Sex' } : column,
    );
    expect(() => rowOf('a', [{ modality: 'Clin', table: { ...table, columns } }])).toThrow(
      'the table Clin has no column "sex", which the model reads',
    );
  });
});
