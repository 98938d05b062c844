import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { defaultMissing } from '../../src/pipeline/config/data-schema.js';
import {
  readTextTable,
  type TextTable,
  type TextTableOptions,
} from '../../src/operators/tables/text-table.js';

/** Writes tables into a new folder and reads them; `remove` deletes the folder. */
export function tableFiles(): {
  readonly path: (name: string, content: string | Uint8Array) => string;
  readonly read: (content: string | Uint8Array, options?: Partial<TextTableOptions>) => Promise<TextTable>;
  readonly remove: () => void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'haf-tables-'));
  let count = 0;
  const path = (name: string, content: string | Uint8Array): string => {
    const file = join(folder, `${count++}-${name}`);
    writeFileSync(file, content);
    return file;
  };
  return {
    path,
    read: (content, options = {}) =>
      readTextTable(path('t.csv', content), {
        name: 't.csv',
        id: ['PATIENT'],
        missing: defaultMissing,
        ...options,
      }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** All cells, row by row, as text from the file. */
export const writtenCells = (table: TextTable): string[][] =>
  table.patients.map((_, row) => table.columns.map((__, column) => table.written(row, column)));

/** The faults in the form `line column: problem`. */
export const faultTexts = (table: Pick<TextTable, 'faults'>): string[] =>
  table.faults.map(({ line, column, problem }) => `${line ?? '-'} ${column ?? '-'}: ${problem}`);

/**
 * Makes a workbook from the XML of its rows, for content that no Excel library writes: formulas, errors, whole numbers of 18 digits.
 * Style 1 is a date.
 */
export function workbookOf(sheets: Readonly<Record<string, string>>): Uint8Array {
  const names = Object.keys(sheets);
  const xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
  const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const packages = 'http://schemas.openxmlformats.org/package/2006';
  const files: Record<string, string> = {
    '[Content_Types].xml': `${xml}<Types xmlns="${packages}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>`,
    '_rels/.rels': `${xml}<Relationships xmlns="${packages}/relationships"><Relationship Id="rId1" Type="${office}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `${xml}<workbook xmlns="${main}" xmlns:r="${office}"><sheets>${names
      .map((name, at) => `<sheet name="${name}" sheetId="${at + 1}" r:id="rId${at + 1}"/>`)
      .join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `${xml}<Relationships xmlns="${packages}/relationships">${names
      .map(
        (_, at) =>
          `<Relationship Id="rId${at + 1}" Type="${office}/worksheet" Target="worksheets/sheet${at + 1}.xml"/>`,
      )
      .join('')}<Relationship Id="rId99" Type="${office}/styles" Target="styles.xml"/></Relationships>`,
    'xl/styles.xml': `${xml}<styleSheet xmlns="${main}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>`,
  };
  names.forEach((name, at) => {
    files[`xl/worksheets/sheet${at + 1}.xml`] =
      `${xml}<worksheet xmlns="${main}"><sheetData>${sheets[name] ?? ''}</sheetData></worksheet>`;
  });
  return zipSync(Object.fromEntries(Object.entries(files).map(([path, text]) => [path, strToU8(text)])));
}

/** Makes the XML of one row of a sheet. Each cell is the content of `<c>` with its attributes. */
export const sheetRow = (row: number, ...cells: readonly string[]): string =>
  `<row r="${row}">${cells.map((cell, at) => cell.replace('<c', `<c r="${String.fromCharCode(65 + at)}${row}"`)).join('')}</row>`;
/** A cell that holds a text. */
export const textCell = (text: string): string => `<c t="inlineStr"><is><t>${text}</t></is></c>`;
