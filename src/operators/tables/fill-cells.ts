import type { TextTable } from './text-table.js';

/**
 * Number of columns that are read together, row by row. It is small, so that the cells that are read one after another
 * are close in memory, whether a file is stored by rows or by columns.
 */
const columnsAtOnce = 64;

export interface FilledCells {
  /** Row-major [rows, columns]. NaN if a cell is missing or does not hold a number. */
  readonly cells: Float64Array;
  /** Number of cells that are not missing and do not hold a number, by column. */
  readonly texts: Uint32Array;
}

/** Reads the numbers of all rows in one pass. No text is created for a cell that is a number or empty. */
export function fillCells(table: TextTable, columns: Int32Array): FilledCells {
  const [rows, width] = [table.patients.length, columns.length];
  const cells = new Float64Array(rows * width);
  const texts = new Uint32Array(width);
  for (let first = 0; first < width; first += columnsAtOnce) {
    const end = Math.min(width, first + columnsAtOnce);
    for (let row = 0; row < rows; row++)
      for (let at = first; at < end; at++) {
        const column = columns[at] as number;
        const value = table.number(row, column);
        cells[row * width + at] = value;
        if (Number.isNaN(value) && table.text(row, column) !== '') texts[at] = (texts[at] as number) + 1;
      }
  }
  return { cells, texts };
}

/** Moves the kept columns together, within the same memory. */
export function withoutColumns(cells: Float64Array, kept: Uint8Array, rows: number): Float64Array {
  const width = kept.length;
  const columns = [...kept.keys()].filter((at) => kept[at] === 1);
  if (columns.length === width) return cells;
  let to = 0;
  for (let row = 0; row < rows; row++)
    for (const at of columns) cells[to++] = cells[row * width + at] as number;
  return cells.subarray(0, to);
}
