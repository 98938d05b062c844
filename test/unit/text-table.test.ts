import { afterAll, describe, expect, it } from 'vitest';
import { typedTable } from '../../src/operators/tables/typed-table.js';
import { faultTexts, tableFiles, writtenCells } from '../support/table-files.js';

const { read, remove } = tableFiles();
afterAll(remove);

const rows = [
  ['PATIENT', 'grade', 'note', 'value'],
  ['P-1', 'Well diff', 'a, b; c', '1.5'],
  ['P-2', 'Poorly', 'said "no"', '-2'],
];
const written = (delimiter: string, end = '\n'): string =>
  rows
    .map((row) =>
      row.map((cell) => (/[",;|\t]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(delimiter),
    )
    .join(end);

describe('delimiters', () => {
  it.each([',', ';', '\t', '|'])(
    'finds %j, with quoted cells that hold other delimiters',
    async (delimiter) => {
      const table = await read(written(delimiter));
      expect(table.faults).toEqual([]);
      expect(table.form).toMatchObject({ format: 'text', delimiter, decimal: '.', encoding: 'UTF-8' });
      expect(table.patients).toEqual(['P-1', 'P-2']);
      expect(table.columns).toEqual(['grade', 'note', 'value']);
      expect(writtenCells(table)).toEqual([rows[1]?.slice(1), rows[2]?.slice(1)]);
      expect(table.number(0, 2)).toBe(1.5);
    },
  );

  it('takes the delimiter that makes the id a column of its own, whatever stands in titles and cells', async () => {
    const table = await read('PATIENT;Leukocytes, blood;Hemoglobin, blood\n1;12,04;7,44\n2;10,42;9,43\n');
    expect(table.columns).toEqual(['Leukocytes, blood', 'Hemoglobin, blood']);
    expect([table.number(0, 0), table.number(1, 1)]).toEqual([12.04, 9.43]);
  });

  it('follows the line "sep=;" of Excel and counts it as a line', async () => {
    const table = await read('sep=;\r\nPATIENT;x\r\n1;2\r\n1;3\r\n');
    expect(table.columns).toEqual(['x']);
    expect(faultTexts(table)).toEqual(['4 PATIENT: patient "1" is in line 3 already']);
  });

  it('does what it is told instead', async () => {
    const table = await read('PATIENT:x\n1:2\n', { delimiter: ':' });
    expect(writtenCells(table)).toEqual([['2']]);
  });
});

describe('numbers', () => {
  it('reads a decimal comma when every number with a comma has one comma, and says so', async () => {
    const table = await read('PATIENT;x;y\n1;0,5;7\n2;-1,25e-2;\n');
    expect(table.form?.decimal).toBe(',');
    expect(table.notes.join()).toContain('decimal comma');
    expect([table.number(0, 0), table.number(1, 0), table.number(0, 1), table.number(1, 1)]).toEqual([
      ...[0.5, -0.0125, 7, NaN],
    ]);
  });

  it.each([
    ['a thousands separator', 'PATIENT;x\n1;1,234,567\n2;0,5\n'],
    ['a point elsewhere', 'PATIENT;x;y\n1;1,5;2.5\n'],
  ])('does not guess beside %s', async (_, content) => {
    const table = await read(content);
    expect(table.form?.decimal).toBe('.');
    expect(table.number(0, 0)).toBeNaN();
  });

  it('takes a decimal comma in a comma-separated file only when told', async () => {
    const content = 'PATIENT,x\n1,"1,5"\n';
    expect((await read(content)).number(0, 0)).toBeNaN();
    expect((await read(content, { decimal: ',' })).number(0, 0)).toBe(1.5);
  });

  it('takes words and numbers of the list for missing, in any case', async () => {
    const table = await read('PATIENT,x\n1,na\n2,Not Available\n3,-9\n4,-9.0\n5,ok\n', {
      missing: ['NA', 'not available', '-9'],
    });
    expect([0, 1, 2, 3, 4].map((row) => table.text(row, 0))).toEqual(['', '', '', '', 'ok']);
    expect(table.number(2, 0)).toBeNaN();
    expect(table.written(2, 0)).toBe('-9');
  });
});

describe('encodings and lines', () => {
  const content = 'PATIENT,Größe µg/l,€\nÄ1,1,a\nB2,2,b\n';
  const swapped = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
  it.each([
    ['UTF-8', Buffer.from(content)],
    ['UTF-8', Buffer.from(`\ufeff${content}`)],
    ['UTF-16LE', Buffer.from(`\ufeff${content}`, 'utf16le')],
    ['UTF-16LE', Buffer.from(content, 'utf16le')],
    ['UTF-16BE', swapped(`\ufeff${content}`)],
    ['UTF-16BE', swapped(content)],
    ['Windows-1252', Buffer.from(content.replace('€', '\x80'), 'latin1')],
  ])('reads %s', async (encoding, bytes) => {
    const table = await read(bytes);
    expect(table.form?.encoding).toBe(encoding);
    expect(table.columns).toEqual(['Größe µg/l', '€']);
    expect(table.patients).toEqual(['Ä1', 'B2']);
    expect(table.notes.length).toBe(encoding === 'Windows-1252' ? 1 : 0);
  });

  it.each(['\n', '\r\n', '\r'])('ends lines with %j', async (end) => {
    const table = await read(written(',', end) + end);
    expect(writtenCells(table)).toEqual([rows[1]?.slice(1), rows[2]?.slice(1)]);
    expect(table.lines).toEqual([2, 3]);
  });

  it('ends lines in all three ways in one file, and counts those within quotes', async () => {
    const table = await read('PATIENT,x\r\n1,"a\r\nb"\r2,c\n\n3,d');
    expect(writtenCells(table)).toEqual([['a\r\nb'], ['c'], ['d']]);
    expect(table.lines).toEqual([2, 4, 6]);
  });

  it.each(['\x1a', '\x1a\r\n', '\r\n\x1a\r\n', '\x1a\x1a\0\0\0', '\n\x1a \n \x1a\n'])(
    'passes over Ctrl-Z and its padding: %j',
    async (tail) => {
      const table = await read(`PATIENT,x\n1,2\n2,3${tail}`);
      expect([table.faults, table.patients]).toEqual([[], ['1', '2']]);
    },
  );

  it('passes over empty rows, empty columns and Ctrl-Z at the end', async () => {
    const table = await read('PATIENT,x,,\r\n1,2,,\r\n2,3,,\r\n,,,\r\n"","",,\r\n\x1a');
    expect(table.faults).toEqual([]);
    expect(table.columns).toEqual(['x']);
    expect(table.patients).toEqual(['1', '2']);
  });
});

describe('what is refused', () => {
  it.each<[string, string | Uint8Array, RegExp]>([
    ['an empty file', '', /^- -: the file is empty$/],
    ['blank lines', '\n \n,,\n', /^- -: the file is empty$/],
    ['a header alone', 'PATIENT,x\n', /there is no row below the header/],
    ['ids alone', 'PATIENT\n1\n', /no column besides "PATIENT"/],
    ['bytes', Uint8Array.from([1, 0, 0, 0, 7, 0, 1, 1, 0, 0, 0]), /no text/],
    [
      'no id column',
      'Patinet,x\n1,2\n',
      /^1 -: no column "PATIENT".*the closest is "Patinet"\. Columns: "Patinet", "x"$/,
    ],
    ['a column twice', 'PATIENT,x,y,x\n1,2,3,4\n', /"x" \(columns 2 and 4\)/],
    ['a column without a name', 'PATIENT,x,,y\n1,2,3,4\n', /column 3 has no name/],
    ['the index of pandas', ',PATIENT,x\n0,1,2\n', /column 1 has no name.*index=False/],
    ['a row without an id', 'PATIENT,x\n,2\n3,4\n', /^2 PATIENT: the row has values but no id$/],
    ['an open quote', 'PATIENT,x\n1,"2\n3,4\n', /^2 -: a quote \("\) is opened here and never closed$/],
    ['text behind a quote', 'PATIENT,x\n1,"2"a\n3,4\n', /^2 -: text stands behind a closing quote/],
    ['row names of R', 'PATIENT,x\n1,P1,2\n2,P2,3\n', /all 2 rows have one cell more.*row\.names=FALSE/],
    ['a pointer of Git LFS', 'version https://git-lfs.github.com/spec/v1\n', /git lfs pull/],
    ['a web page', '<!DOCTYPE html><html>', /web page/],
    ['UTF-32', Uint8Array.from([0xff, 0xfe, 0, 0, 0x50, 0, 0, 0, 0x2c, 0, 0, 0]), /UTF-32/],
    ['an old workbook', Uint8Array.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]), /\.xls/],
  ])('%s', async (_, content, problem) => {
    const faults = faultTexts(await read(content));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(problem);
  });

  it('two columns that can be the id', async () => {
    const table = await read('PATIENT,case,x\n1,2,3\n', { id: ['PATIENT', 'case'] });
    expect(faultTexts(table)).toEqual([
      '1 -: "PATIENT", "case" can both be the id column: name one with the key "id" of this table',
    ]);
  });

  it('a shifted row: one fault, not one for each of its cells', async () => {
    const text = await read('PATIENT,x,y\n1,2,3\n2,a,3,4\n3,5,6\n');
    expect(faultTexts(text)).toEqual(['3 -: 4 cells where the header has 3']);
    expect(typedTable(text, { columns: {}, others: 'numeric' }).faults).toEqual([]);
  });

  it('rows of another width: the first five, and how many more', async () => {
    const table = await read(`PATIENT,x\n1,2\n${Array.from({ length: 158 }, (_, i) => `p${i}\n`).join('')}`);
    expect(faultTexts(table)).toHaveLength(5);
    expect(faultTexts(table)[0]).toBe('3 -: 1 cells where the header has 2');
    expect(faultTexts(table)[4]).toBe('7 -: 1 cells where the header has 2 (and 153 more lines like this)');
  });
});

describe('ids', () => {
  it('keeps 18 digits, leading zeros and years apart; composes Unicode; trims', async () => {
    const table = await read(
      'PATIENT,x\n202300000000000001,1\n202300000000000002,1\n007,1\n7,1\n2019-0007,1\n"  e\u0301 ",1\n',
    );
    expect(table.faults).toEqual([]);
    expect(table.patients).toEqual([
      ...['202300000000000001', '202300000000000002', '007', '7', '2019-0007', '\u00e9'],
    ]);
  });

  it('names both lines of a patient who stands twice, composed or not', async () => {
    const table = await read('PATIENT,x\n\u00e9,1\nb,1\ne\u0301,1\n');
    expect(faultTexts(table)).toEqual(['4 PATIENT: patient "\u00e9" is in line 2 already']);
  });

  it.each([
    ['P-1', 'p-1'],
    ['P 1', 'P1'],
    ['12', '12.0'],
  ])('refuses %j beside %j', async (one, other) => {
    const table = await read(`PATIENT,x\n${one},1\nz,1\n${other},1\n`);
    expect(faultTexts(table)).toEqual([
      `4 PATIENT: "${other}" looks like "${one}" of line 2: write one patient's id the same way everywhere`,
    ]);
  });

  it('reports ids that are all decimals once', async () => {
    const table = await read('PATIENT,x\n1.0,1\n2.0,1\n3.0,1\n');
    expect(faultTexts(table)).toHaveLength(1);
    expect(faultTexts(table)[0]).toMatch(/^- PATIENT: the ids are written as decimal numbers \("1.0"\)/);
  });

  it('allows several rows of a patient where a table has them', async () => {
    const table = await read('PATIENT,slide\n1,a\n1,b\n', { onePerPatient: false });
    expect(table.faults).toEqual([]);
    expect(table.patients).toEqual(['1', '1']);
  });
});
