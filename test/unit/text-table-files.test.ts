import { parquetWriteBuffer } from 'hyparquet-writer';
import writeWorkbook from 'write-excel-file/node';
import { afterAll, describe, expect, it } from 'vitest';
import {
  faultTexts,
  sheetRow,
  tableFiles,
  textCell,
  workbookOf,
  writtenCells,
} from '../support/table-files.js';

const { read, remove } = tableFiles();
afterAll(remove);

describe('Excel workbooks', () => {
  it('reads texts, numbers in full precision, truth values and dates as a library writes them', async () => {
    const book = await writeWorkbook([
      ['PATIENT', 'grade', 'value', 'smoker', 'born', 'empty'].map((value) => ({ value, type: String })),
      [
        ...[
          { value: '007', type: String },
          { value: ' low ', type: String },
          { value: 0.1 + 0.2, type: Number },
        ],
        ...[{ value: true, type: Boolean }],
        ...[{ value: new Date('1950-02-03T00:00:00Z'), type: Date, format: 'yyyy-mm-dd' }, null],
      ],
      [
        { value: 12, type: Number },
        null,
        { value: -1e-7, type: Number },
        { value: false, type: Boolean },
        null,
        null,
      ],
    ]).toBuffer();
    const table = await read(book);
    expect(table.faults).toEqual([]);
    expect(table.form).toMatchObject({ format: 'xlsx' });
    expect(table.patients).toEqual(['007', '12']);
    expect(writtenCells(table)).toEqual([
      ['low', '0.30000000000000004', 'true', '1950-02-03', ''],
      ['', '-1e-7', 'false', '', ''],
    ]);
    expect(table.number(0, 1)).toBe(0.1 + 0.2);
  });

  const ids = sheetRow(1, textCell('PATIENT'), textCell('x'));

  it('takes the stored value of a formula, and nothing for an error', async () => {
    const table = await read(
      workbookOf({
        Data: [
          ids,
          sheetRow(2, textCell('a'), '<c><f>1+1</f><v>2</v></c>'),
          sheetRow(3, textCell('b'), '<c t="e"><f>1/0</f><v>#DIV/0!</v></c>'),
          sheetRow(4, textCell('c'), '<c t="str"><f>"w"</f><v>w</v></c>'),
        ].join(''),
      }),
    );
    expect(writtenCells(table)).toEqual([['2'], [''], ['w']]);
  });

  it('names the row that Excel shows', async () => {
    const book = workbookOf({
      Data:
        ids + sheetRow(3, textCell('a'), '<c><v>1</v></c>') + sheetRow(7, textCell('a'), '<c><v>2</v></c>'),
    });
    expect(faultTexts(await read(book))).toEqual(['7 PATIENT: patient "a" is in line 3 already']);
  });

  it('refuses ids of 18 digits that are numbers: Excel has rounded them', async () => {
    const book = workbookOf({
      Data: ids + sheetRow(2, '<c><v>2.0230000000000001E+17</v></c>', '<c><v>1</v></c>'),
    });
    const faults = faultTexts(await read(book));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(
      /^2 PATIENT: 202300000000000000 is stored as a number.*format the column as text/,
    );
  });

  it('asks which of several sheets, and takes the named one', async () => {
    const sheet = ids + sheetRow(2, textCell('a'), '<c><v>1</v></c>');
    const book = workbookOf({ Legend: sheetRow(1, textCell('words')), 'Blood values': sheet });
    expect(faultTexts(await read(book))).toEqual([
      '- -: it has 2 sheets: "Legend", "Blood values"; name one with the key "sheet"',
    ]);
    expect(faultTexts(await read(book, { sheet: 'Blood' }))[0]).toMatch(
      /no sheet "Blood"; its sheets: "Legend", "Blood values"/,
    );
    const table = await read(book, { sheet: 'Blood values' });
    expect(table.form?.sheet).toBe('Blood values');
    expect(table.patients).toEqual(['a']);
  });

  it('refuses a small archive that unpacks to more than a sheet can be', async () => {
    const book = Buffer.from(workbookOf({ Data: ids }));
    book.writeUInt32LE(600_000_000, book.indexOf('PK\x01\x02', 0, 'latin1') + 24);
    expect(faultTexts(await read(book))[0]).toMatch(
      /take 600 MB when unpacked, more than 500 MB: save the sheet as CSV/,
    );
  });

  it('says so when a workbook is broken or empty', async () => {
    expect(faultTexts(await read(Uint8Array.from([0x50, 0x4b, 3, 4, 9, 9])))[0]).toMatch(
      /cannot be read as an Excel/,
    );
    expect(faultTexts(await read(workbookOf({ Data: '' })))).toEqual(['- -: sheet "Data" is empty']);
  });
});

describe('Parquet', () => {
  const columnData = [
    { name: 'PATIENT', data: ['a', 'b', 'c'], type: 'STRING' as const },
    { name: 'gene', data: [0.1, null, -2.5], type: 'DOUBLE' as const },
    { name: 'count', data: [1n, 2n, null], type: 'INT64' as const },
    { name: 'smoker', data: [true, false, null], type: 'BOOLEAN' as const },
    { name: 'seen', data: [new Date('2020-01-02T00:00:00Z'), null, null], type: 'TIMESTAMP' as const },
  ];

  it.each(['UNCOMPRESSED', 'SNAPPY'] as const)('reads flat columns, %s', async (codec) => {
    const table = await read(new Uint8Array(parquetWriteBuffer({ columnData, codec })));
    expect(table.faults).toEqual([]);
    expect(table.form).toEqual({ format: 'parquet' });
    expect(writtenCells(table)).toEqual([
      ['0.1', '1', 'true', '2020-01-02'],
      ['', '2', 'false', ''],
      ['-2.5', '', '', ''],
    ]);
    expect([table.number(0, 0), table.number(1, 0), table.number(1, 1)]).toEqual([0.1, NaN, 2]);
  });

  it('puts row groups together', async () => {
    const data = Array.from({ length: 25 }, (_, at) => at / 4);
    const table = await read(
      new Uint8Array(
        parquetWriteBuffer({
          columnData: [
            { name: 'PATIENT', data: data.map((value) => `p${value}`), type: 'STRING' },
            { name: 'x', data, type: 'DOUBLE' },
          ],
          rowGroupSize: 10,
        }),
      ),
    );
    expect(table.patients.map((_, row) => table.number(row, 0))).toEqual(data);
  });

  it('takes whole numbers of pandas, which are floating-point once one was missing, as ids', async () => {
    const file = (ids: number[]): Uint8Array =>
      new Uint8Array(
        parquetWriteBuffer({
          columnData: [
            { name: 'PATIENT', data: ids, type: 'DOUBLE' },
            { name: 'x', data: ids, type: 'DOUBLE' },
          ],
        }),
      );
    expect((await read(file([7, 12]))).patients).toEqual(['7', '12']);
    expect(faultTexts(await read(file([7, 202300000000000001])))[0]).toMatch(
      /has lost digits: store the ids as text/,
    );
  });

  it('says so when a file is broken', async () => {
    expect(faultTexts(await read('PAR1 and nothing else'))[0]).toMatch(/cannot be read as a Parquet file/);
  });
});
