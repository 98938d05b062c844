import { readFile } from 'node:fs/promises';
import type { CellGrid, GridOptions, OpenedGrid } from './cell-grid.js';
import { ZipArchive } from '../features/zip-archive.js';
import { isoText } from './date-text.js';
import { plainNumber, type DecimalMark } from './plain-number.js';

/** A whole number with more digits than Excel keeps. */
interface LongNumber {
  readonly written: string;
}
type Value = string | number | boolean | Date | LongNumber | null;

/** Excel keeps 15 digits of a number. */
const exactDigits = 15;

/**
 * Maximum unpacked size in bytes. A sheet becomes one text, and Node limits a text to 512 MB. Even a small archive may
 * unpack to more.
 */
const largestWorkbook = 500e6;

/**
 * Opens a sheet of an Excel workbook (.xlsx): the sheet that `options.sheet` names, or else the only sheet. A formula
 * is read as the value that Excel stored with it. A cell with an error such as #N/A is empty.
 */
export async function openXlsxGrid(path: string, options: GridOptions): Promise<OpenedGrid> {
  const sheets = await sheetsOf(path);
  if (typeof sheets === 'string') return { line: null, problem: sheets };
  const names = sheets.map(({ sheet }) => `"${sheet}"`).join(', ');
  const wanted = options.sheet ?? null;
  const found = wanted === null ? sheets : sheets.filter(({ sheet }) => sheet === wanted);
  const [only] = found;
  if (only === undefined)
    return { line: null, problem: `it has no sheet "${wanted ?? ''}"; its sheets: ${names}` };
  if (found.length > 1)
    return { line: null, problem: `it has ${found.length} sheets: ${names}; name one with the key "sheet"` };
  const grid = gridOf(only.data, options.decimal ?? '.');
  if (grid === null) return { line: null, problem: `sheet "${only.sheet}" is empty` };
  return { grid, form: { format: 'xlsx', sheet: only.sheet }, notes: [] };
}

/**
 * The names of the sheets of a workbook. Empty for a file that is not a workbook; opening the table reports what is wrong with it.
 */
export async function sheetNames(path: string): Promise<readonly string[]> {
  const sheets = await sheetsOf(path);
  return typeof sheets === 'string' ? [] : sheets.map(({ sheet }) => sheet);
}

interface Sheet {
  readonly sheet: string;
  readonly data: readonly (readonly Value[])[];
}

/** All sheets of a workbook, or why it cannot be read. */
async function sheetsOf(path: string): Promise<readonly Sheet[] | string> {
  const size = unpackedBytes(path);
  if (size === null) return 'it cannot be read as an Excel workbook: its zip archive is damaged';
  if (size > largestWorkbook)
    return `its sheets take ${Math.round(size / 1e6)} MB when unpacked, more than ${largestWorkbook / 1e6} MB: save the sheet as CSV`;
  const { default: readWorkbook } = await import('read-excel-file/universal');
  const buffer = new Uint8Array(await readFile(path)).buffer;
  try {
    const sheets = await readWorkbook<number | LongNumber>(buffer, { parseNumber: numberOf });
    // A cast, because the declarations of the library give a date the type of the Date constructor in place of Date.
    return sheets as unknown as readonly Sheet[];
  } catch (error) {
    return `it cannot be read as an Excel workbook: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Unpacked size of all members of the zip archive. Null if it is damaged. */
function unpackedBytes(path: string): number | null {
  let archive: ZipArchive;
  try {
    archive = new ZipArchive(path);
  } catch {
    return null;
  }
  archive.close();
  return archive.entries.reduce((sum, { bytes }) => sum + bytes, 0);
}

function numberOf(written: string): number | LongNumber {
  const value = Number(written);
  const long = Number.isInteger(value) && Math.abs(value) >= 10 ** exactDigits;
  return long ? { written: /^-?\d+$/.test(written) ? written : BigInt(value).toString() } : value;
}

function gridOf(data: readonly (readonly Value[])[], decimal: DecimalMark): CellGrid | null {
  const filled = data.flatMap((cells, at) =>
    cells.some((cell) => textOf(cell) !== '') ? [{ cells, line: at + 1 }] : [],
  );
  const [header, ...rows] = filled;
  if (header === undefined) return null;
  const cell = (row: number, column: number): Value => rows[row]?.cells[column] ?? null;
  return {
    header: header.cells.map(textOf),
    headerLine: header.line,
    rows: rows.length,
    line: (row) => rows[row]?.line ?? 0,
    width: (row) => rows[row]?.cells.length ?? 0,
    number: (row, column) => {
      const value = cell(row, column);
      if (typeof value === 'number') return value;
      if (typeof value === 'string') return plainNumber(value.trim(), decimal);
      return isLong(value) ? Number(value.written) : NaN;
    },
    text: (row, column) => textOf(cell(row, column)),
    idProblem: (row, column) => {
      const value = cell(row, column);
      if (!isLong(value)) return null;
      return `${value.written} is stored as a number, of which Excel keeps 15 digits: format the column as text and enter the ids again`;
    },
  };
}

const isLong = (value: Value): value is LongNumber =>
  typeof value === 'object' && value !== null && !(value instanceof Date);

function textOf(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'string') return value.trim();
  if (value instanceof Date) return isoText(value);
  return isLong(value) ? value.written : String(value);
}
