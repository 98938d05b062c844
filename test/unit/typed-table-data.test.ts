import { afterAll, describe, expect, it } from 'vitest';
import { joinTables } from '../../src/operators/tables/join-tables.js';
import { numberInBytes, plainNumber } from '../../src/operators/tables/plain-number.js';
import { readTypedTable, typedTableFiles } from '../../src/operators/tables/typed-table-data.js';
import { typedTable, type TypedTable } from '../../src/operators/tables/typed-table.js';
import { faultTexts, tableFiles } from '../support/table-files.js';

const { read, remove } = tableFiles();
afterAll(remove);

const typed = async (content: string): Promise<TypedTable> =>
  typedTable(await read(content), { columns: {}, others: 'numeric' }).table;

describe('several files of one table', () => {
  it('are joined by patient; who is absent in one has missing cells there', async () => {
    const { table, faults } = joinTables([
      { file: 'a.csv', table: await typed('PATIENT,x,y\na,1,2\nb,3,4\n') },
      { file: 'b.csv', table: await typed('PATIENT,z\nc,6\nb,5\n') },
    ]);
    expect(faults).toEqual([]);
    expect(table.columns.map(({ name }) => name)).toEqual(['x', 'y', 'z']);
    expect(table.patients).toEqual(['a', 'b', 'c']);
    expect([...table.cells]).toEqual([1, 2, NaN, 3, 4, 5, NaN, NaN, 6]);
  });

  it('may not name a column twice', async () => {
    const part = await typed('PATIENT,x\na,1\nb,3\n');
    const { faults } = joinTables([
      { file: 'a.csv', table: part },
      { file: 'b.csv', table: part },
    ]);
    expect(faultTexts({ faults })).toEqual([
      '- x: the column is in a.csv, too: rename one, or declare it "ignore"',
    ]);
  });
});

describe('the artifact', () => {
  const artifactOf = (files: Record<string, Uint8Array | object>, shift: number) => ({
    id: 'abc',
    json: <T>(file: string, schema: { parse: (value: unknown) => T }): T =>
      schema.parse(JSON.parse(JSON.stringify(files[file]))),
    bytes: (file: string): Uint8Array => {
      const bytes = files[file] as Uint8Array;
      const shifted = new Uint8Array(bytes.length + shift);
      shifted.set(bytes, shift);
      return shifted.subarray(shift);
    },
  });

  it.each([0, 3])('gives back the table, from bytes at offset %i', async (shift) => {
    const table = typedTable(await read('PATIENT,x,w,same\na,1.5,u,1\nb,,v,1\n'), {
      ...{ columns: { x: 'numeric' }, others: 'infer', keepConstant: true },
    }).table;
    expect(readTypedTable(artifactOf(typedTableFiles(table), shift) as never)).toEqual(table);
  });

  it('that was cut off is refused', async () => {
    const files = typedTableFiles(await typed('PATIENT,x\na,1\nb,2\n'));
    const cut = { ...files, 'cells.f64': (files['cells.f64'] as Uint8Array).subarray(0, 9) };
    expect(() => readTypedTable(artifactOf(cut, 0) as never)).toThrow('has 9 bytes where its table needs 16');
  });
});

describe('numbers from bytes', () => {
  const fromBytes = (text: string, mark: '.' | ',' = '.'): number => {
    const bytes = Buffer.from(`x${text}y`);
    return numberInBytes(bytes, 1, bytes.length - 1, mark);
  };

  it('are the very doubles that Number gives', () => {
    let state = 7;
    const next = (): number => (state = (state * 48_271) % 2_147_483_647);
    for (let i = 0; i < 20_000; i++) {
      const digits = String(next()) + (i % 3 === 0 ? String(next()) : '');
      const at = next() % (digits.length + 1);
      const text = `${i % 2 === 0 ? '-' : ''}${digits.slice(0, at)}.${digits.slice(at)}${i % 7 === 0 ? `e-${next() % 300}` : ''}`;
      expect(Object.is(fromBytes(text), Number(text)), text).toBe(true);
    }
  });

  it.each([
    '',
    ' ',
    '.',
    '-',
    'NA',
    '0x10',
    'inf',
    '1 000',
    '1,5',
    '1e',
    '1e999',
    '--1',
    '1.2.3',
    '5%',
    'e5',
    '١',
  ])('%j is none', (text) => {
    expect(fromBytes(text)).toBeNaN();
    expect(plainNumber(text)).toBeNaN();
  });

  it.each<[string, number]>([
    ...([
      [' 1.50 ', 1.5],
      ['"2"', 2],
      ['+3.', 3],
      ['.5', 0.5],
      ['-0', -0],
      ['1E3', 1000],
    ] satisfies [string, number][]),
    ['0.00000000000000000000000001', 1e-26],
    ['123456789012345678', 123456789012345680],
  ])('%j is %d', (text, value) => expect(fromBytes(text)).toBe(value));

  it('may have a decimal comma, and then no point', () => {
    expect(fromBytes('15,3999996185', ',')).toBe(15.3999996185);
    expect(fromBytes('1,5e-3', ',')).toBe(0.0015);
    expect(fromBytes('1.5', ',')).toBeNaN();
  });
});
