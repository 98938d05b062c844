import { afterAll, describe, expect, it } from 'vitest';
import { typedTable, type TypedResult } from '../../src/operators/tables/typed-table.js';
import type { ColumnDeclaration, TableDeclaration } from '../../src/operators/tables/typed-column.js';
import { faultTexts, tableFiles } from '../support/table-files.js';

const { read, remove } = tableFiles();
afterAll(remove);

/** A table of one column `x`. */
async function column(
  values: readonly string[],
  declared: ColumnDeclaration = 'infer',
  more: Partial<TableDeclaration> = {},
): Promise<TypedResult> {
  const text = await read(`PATIENT,x\n${values.map((value, row) => `p${row},${value}`).join('\n')}\n`);
  expect(text.faults).toEqual([]);
  const columns = declared === 'infer' ? {} : { x: declared };
  return typedTable(text, { columns, others: 'infer', ...more });
}
const cells = ({ table }: TypedResult): number[] => [...table.cells];
const many = (count: number, value: (at: number) => string | number): string[] =>
  Array.from({ length: count }, (_, at) => String(value(at)));

describe('kinds that are inferred', () => {
  it.each<[string, string[], object, number[]]>([
    ['numbers', ['0.5', '-1', '', '1e3'], { kind: 'numeric' }, [0.5, -1, NaN, 1000]],
    ['0 and 1', ['0', '1', 'NA', '1'], { kind: 'binary' }, [0, 1, NaN, 1]],
    ['two numbers', ['2', '1', '2', ''], { kind: 'binary', categories: ['1', '2'] }, [1, 0, 1, NaN]],
    ['two words', ['yes', 'no', '?', 'no'], { kind: 'binary', categories: ['no', 'yes'] }, [1, 0, NaN, 0]],
    ['truth values', ['TRUE', 'False', 'true'], { kind: 'binary', categories: ['false', 'true'] }, [1, 0, 1]],
    ['words', ['b', 'a', 'c', 'a'], { kind: 'nominal', categories: ['a', 'b', 'c'] }, [1, 0, 2, 0]],
    [
      'codes with letters',
      ['3a', '1', '2', '1'],
      { kind: 'nominal', categories: ['1', '2', '3a'] },
      [2, 0, 1, 0],
    ],
  ])('%s', async (_, values, expected, numbers) => {
    const result = await column(values);
    expect(result.faults).toEqual([]);
    expect(result.table.columns).toEqual([{ name: 'x', inferred: true, ...expected }]);
    expect(cells(result)).toEqual(numbers);
  });

  it('whole numbers of few values: numeric, with a note', async () => {
    const { table, faults } = await column(['1', '2', '3', '2']);
    expect(faults).toEqual([]);
    expect(table.columns[0]).toMatchObject({ kind: 'numeric', inferred: true });
    expect(table.columns[0]?.note).toMatch(/3 whole numbers \(1, 2, 3\).*nominal or ordinal/);
  });

  it.each<[string, string[], RegExp, string]>([
    [
      'an identifier',
      many(6, (at) => `s${at}`),
      /all 6 values are different texts \("s0", "s1" \.\.\.\): an identifier/,
      'identifier',
    ],
    ['dates', many(6, (at) => `2020-01-0${at + 1}`), /holds dates \("2020-01-01"\).*days since/, 'date'],
    ['German dates', many(6, () => '3.12.2020').concat('4.12.2020', '5.12.2020'), /holds dates/, 'date'],
    ['the rows, from 0', many(9, (at) => at), /row number \(it counts the rows\)/, 'row number'],
    ['the rows, from 1', many(9, (at) => at + 1), /row number/, 'row number'],
    [
      'numbers with slips',
      many(14, (at) => at * 1.5).concat('<0.5'),
      /^16 x: most cells are numbers, but 1 of 15 are not: "<0.5" \(line 16\)/,
      'mixed',
    ],
  ])('refuses %s', async (_, values, problem, reason) => {
    const result = await column(values);
    expect(faultTexts(result)).toHaveLength(1);
    expect(faultTexts(result)[0]).toMatch(problem);
    expect(result.left).toEqual([{ column: 'x', reason }]);
  });

  it('refuses the index of pandas by its name, and takes it when it is declared', async () => {
    const text = await read('Unnamed: 0,PATIENT,x\n3,a,0.5\n9,b,1.5\n4,c,2.5\n');
    expect(faultTexts(typedTable(text, { columns: {}, others: 'numeric' }))[0]).toMatch(
      /"Unnamed: 0: ignore"/,
    );
    expect(typedTable(text, { columns: { 'Unnamed: 0': 'ignore' }, others: 'infer' }).faults).toEqual([]);
    expect(typedTable(text, { columns: { 'Unnamed: 0': 'nominal' }, others: 'infer' }).faults).toEqual([]);
  });
});

describe('kinds that are declared', () => {
  it.each<[string, ColumnDeclaration, string[], object, number[]]>([
    ['numeric', 'numeric', ['1', '2', '1'], { kind: 'numeric' }, [1, 2, 1]],
    ['binary words', 'binary', ['b', 'a', ''], { kind: 'binary', categories: ['a', 'b'] }, [1, 0, NaN]],
    [
      'codes, in the order of numbers',
      'nominal',
      ['10', '9', '', '1'],
      { kind: 'nominal', categories: ['1', '9', '10'] },
      [2, 1, NaN, 0],
    ],
    ['ordinal codes stay numbers', 'ordinal', ['3', '1', ''], { kind: 'ordinal' }, [3, 1, NaN]],
    [
      'ordinal words in their order',
      { ordinal: ['low', 'mid', 'high'] },
      ['high', 'low', '', 'low'],
      { kind: 'ordinal', categories: ['low', 'mid', 'high'] },
      [2, 0, NaN, 0],
    ],
    [
      'ordinal numbers in a list',
      { ordinal: [0, 1, 2] },
      ['2', '1.0'],
      { kind: 'ordinal', categories: ['0', '1', '2'] },
      [2, 1],
    ],
    [
      'nominal in the order of a list',
      { nominal: ['z', 'a', 'q'] },
      ['a', 'z'],
      { kind: 'nominal', categories: ['z', 'a', 'q'] },
      [1, 0],
    ],
    [
      'an identifier that is one',
      'nominal',
      many(6, (at) => `s${at}`),
      { kind: 'nominal', categories: many(6, (at) => `s${at}`) },
      [0, 1, 2, 3, 4, 5],
    ],
  ])('%s', async (_, declared, values, expected, numbers) => {
    const result = await column(values, declared);
    expect(result.faults).toEqual([]);
    expect(result.table.columns).toEqual([{ name: 'x', inferred: false, ...expected }]);
    expect(cells(result)).toEqual(numbers);
  });

  it.each<[string, ColumnDeclaration, string[], RegExp]>([
    [
      'words in numbers',
      'numeric',
      ['1', 'a', 'b', 'c', 'd'],
      /^3 x: 4 of 5 cells are not numbers: "a" \(line 3\), "b" \(line 4\), "c" \(line 5\) and 1 more cells/,
    ],
    ['decimal commas', 'numeric', ['"1,5"', '"2,5"'], /key "decimal"/],
    ['dates in numbers', 'numeric', ['2020-01-01', '2020-01-02'], /days since/],
    ['words in ordinal codes', 'ordinal', ['a', '1'], /\{ ordinal: \[low, high\] \}/],
    [
      'three values',
      'binary',
      ['0', '1', '2'],
      /two values, this one has 3: "0" \(line 2\), "1" \(line 3\), "2" \(line 4\)/,
    ],
    [
      'a word that is not listed',
      { ordinal: ['a', 'b'] },
      ['a', 'B'],
      /^3 x: not in the list of its ordinal values \(a, b\): "B" \(line 3\)/,
    ],
  ])('%s: one fault', async (_, declared, values, problem) => {
    const faults = faultTexts(await column(values, declared));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(problem);
  });

  it('names the closest column for one that is absent, and refuses the outcome and the id as inputs', async () => {
    const text = await read('PATIENT,age,event\na,1,0\nb,2,1\n');
    const columns = { Agee: 'numeric', event: 'binary', PATIENT: 'nominal' } as const;
    const result = typedTable(text, { columns, others: 'infer' }, new Set(['event']));
    expect(faultTexts(result)).toEqual([
      '- Agee: the declared column is not in the file; the closest is "age"',
      '- event: the column is part of the outcome and cannot be an input: remove it from "columns"',
      '- PATIENT: the column holds the ids of the patients and cannot be an input',
    ]);
    expect(result.left).toEqual([{ column: 'event', reason: 'outcome' }]);
  });
});

describe('what is left out or warned of', () => {
  const content = 'PATIENT,empty,same,x,skip,event\na,,7,0.5,1,0\nb,NA,7,2.5,2,1\nc,,7,1.5,3,1\n';
  const declaration = { columns: { skip: 'ignore' }, others: 'infer' } as const;

  it('constant, empty, declared and outcome columns; the other cells move together', async () => {
    const result = typedTable(await read(content), declaration, new Set(['event']));
    expect(result.left).toEqual([
      { column: 'empty', reason: 'missing' },
      { column: 'same', reason: 'constant' },
      { column: 'skip', reason: 'declared' },
      { column: 'event', reason: 'outcome' },
    ]);
    expect(result.problems.map(({ reason }) => reason)).toEqual([
      'Column "same" with the same value for all patients: left out.',
      'Column "empty" without any value: left out.',
    ]);
    expect(cells(result)).toEqual([0.5, 2.5, 1.5]);
  });

  it('keeps constant and empty columns when the width must not depend on the patients', async () => {
    const result = typedTable(
      await read(content),
      { ...declaration, keepConstant: true },
      new Set(['event']),
    );
    expect(result.table.columns.map(({ name }) => name)).toEqual(['empty', 'same', 'x']);
    expect(cells(result)).toEqual([NaN, 7, 0.5, NaN, 7, 2.5, NaN, 7, 1.5]);
  });

  it('reads the values of a constant column with a list as those of any other column with one', async () => {
    const text = await read('PATIENT,grade,known,x\na,1.0,unknown,1\nb,1,unknown,2\nc,,unknown,3\n');
    const columns = { grade: { ordinal: [0, 1, 2] }, known: { nominal: ['yes', 'unknown'] } };
    const declared = { columns, others: 'infer', keepConstant: true } as const;
    const result = typedTable(text, declared, new Set());
    expect(result.table.columns.map(({ name, kind }) => [name, kind])).toEqual([
      ['grade', 'ordinal'],
      ['known', 'nominal'],
      ['x', 'numeric'],
    ]);
    expect(cells(result)).toEqual([1, 1, 1, 1, 1, 2, NaN, 1, 3]);
  });

  it.each<[string, string[], RegExp | null]>([
    ['-9 among ages', ['61', '-9', '48', '-9'], /the number -9 in 2 cells/],
    ['999 among ages', ['61', '999', '48'], /the number 999 in 1 cells/],
    ['-9 among numbers of both signs', ['-3', '-9', '4', '5'], null],
    ['999 among numbers of its size', ['800', '999', '600'], null],
  ])('%s', async (_, values, expected) => {
    const { problems } = await column(values);
    if (expected === null) expect(problems).toEqual([]);
    else {
      expect(problems[0]?.reason).toMatch(expected);
      expect(problems[0]?.fix).toContain('data.patients.missing');
    }
  });

  it('categories that differ in case only', async () => {
    const { problems } = await column(['Yes', 'yes', 'no', 'no']);
    expect(problems[0]?.reason).toMatch(/"Yes" and "yes", which differ in case or spaces only/);
  });

  it('many columns with one fault: five of them and a count', async () => {
    const names = many(160, (at) => `g${at}`);
    const row = (patient: string): string => [patient, ...names.map(() => 'x')].join(',');
    const text = await read(`PATIENT,${names.join(',')}\n${row('a')}\n${row('b')}\n`);
    const faults = faultTexts(typedTable(text, { columns: {}, others: 'numeric' }));
    expect(faults).toHaveLength(5);
    expect(faults[4]).toMatch(/\(and 155 more columns like this\)$/);
  });

  it('a table without any input', async () => {
    const result = await column(['7', '7']);
    expect(faultTexts(result)).toEqual(['- -: no column is left as an input: "x" (constant)']);
  });
});
