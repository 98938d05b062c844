import { readFile, stat } from 'node:fs/promises';
import type { CellGrid, GridOptions, OpenedGrid } from './cell-grid.js';
import { cellText } from './cell-text.js';
import { decodeText, largestDecoded } from './decode-text.js';
import { numberInBytes, type DecimalMark } from './plain-number.js';
import { excelDirective, sniffDelimiter } from './sniff-delimiter.js';
import { splitCells, type CellOffsets } from './split-cells.js';
import { WordPool } from './word-pool.js';

/** Maximum size of a text file in bytes. A larger file cannot be read at once. */
const largestText = 2e9;

/**
 * Opens a table of delimited text. The whole file is kept in memory as bytes, and the position of each cell takes 4
 * more bytes.
 */
export async function openTextGrid(path: string, options: GridOptions): Promise<OpenedGrid> {
  const { size } = await stat(path);
  if (size > largestText)
    return {
      line: null,
      problem: `it has ${(size / 1e9).toFixed(1)} GB, and texts of more than ${largestText / 1e9} GB are not read: save it as Parquet, or leave columns out`,
    };
  const decoded = decodeText(await readFile(path));
  if (decoded === 'too large')
    return {
      line: null,
      problem: `it is not UTF-8, and has more than ${largestDecoded / 1e6} MB: save it as UTF-8`,
    };
  if (decoded === null)
    return {
      line: null,
      problem: 'it holds zero bytes and is no text; save it as CSV UTF-8 if it is one (UTF-32?)',
    };
  const directive = excelDirective(decoded.bytes);
  const bytes = directive === null ? decoded.bytes : decoded.bytes.subarray(directive.begin);
  const delimiter = options.delimiter ?? directive?.delimiter ?? sniffDelimiter(bytes, options.id);
  const cells = splitCells(bytes, delimiter.charCodeAt(0));
  const above = directive === null ? 0 : 1;
  if (cells.fault !== null) return { line: cells.fault.line + above, problem: cells.fault.problem };
  if (cells.lines.length === 0) return { line: null, problem: 'the file is empty' };
  const decimal = options.decimal ?? sniffDecimal(bytes, cells, delimiter);
  const notes = [
    ...(decoded.note === null ? [] : [decoded.note]),
    ...(decimal === ',' && options.decimal !== ',' ? ['Its numbers were read with a decimal comma.'] : []),
  ];
  return {
    grid: gridOf(bytes, cells, decimal, above),
    form: { format: 'text', encoding: decoded.encoding, delimiter, decimal },
    notes,
  };
}

function gridOf(bytes: Buffer, cells: CellOffsets, decimal: DecimalMark, above: number): CellGrid {
  const { starts, firstOf, lines } = cells;
  const words = new WordPool(bytes);
  const width = (row: number): number => (firstOf[row + 1] as number) - (firstOf[row] as number) - 1;
  const text = (row: number, column: number): string => {
    const at = (firstOf[row] as number) + column;
    return column < width(row) ? words.text(starts[at] as number, (starts[at + 1] as number) - 1) : '';
  };
  return {
    header: Array.from({ length: width(0) }, (_, column) => text(0, column)),
    headerLine: (lines[0] ?? 1) + above,
    rows: lines.length - 1,
    line: (row) => (lines[row + 1] as number) + above,
    width: (row) => width(row + 1),
    number: (row, column) => {
      const at = (firstOf[row + 1] as number) + column;
      if (column >= width(row + 1)) return NaN;
      return numberInBytes(bytes, starts[at] as number, (starts[at + 1] as number) - 1, decimal);
    },
    text: (row, column) => text(row + 1, column),
  };
}

const withComma = /^[+-]?\d+,\d+(e[+-]?\d+)?$/i;
const withMoreCommas = /^[+-]?\d+(,\d+){2,}(\.\d+)?$|^[+-]?\d+(,\d+)+\.\d+$/;
const withPoint = /^[+-]?\d*\.\d+(e[+-]?\d+)?$/i;
const cellsLookedAt = 200_000;

/**
 * Detects a decimal comma: the delimiter is another character, some cells are numbers with one comma, and none has a thousands
 * separator or a decimal point. Thousands separators are not guessed.
 */
function sniffDecimal(
  bytes: Buffer,
  { starts, firstOf, lines }: CellOffsets,
  delimiter: string,
): DecimalMark {
  if (delimiter === ',') return '.';
  let commas = false;
  let looked = 0;
  for (let row = 1; row < lines.length && looked < cellsLookedAt; row++)
    for (let at = firstOf[row] as number; at < (firstOf[row + 1] as number) - 1; at++, looked++) {
      const text = cellText(bytes, starts[at] as number, (starts[at + 1] as number) - 1);
      if (withMoreCommas.test(text) || withPoint.test(text)) return '.';
      if (!commas) commas = withComma.test(text);
    }
  return commas ? ',' : '.';
}
