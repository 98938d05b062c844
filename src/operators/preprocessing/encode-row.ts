import type { FittedColumn } from './vectors-data.js';

/**
 * d_m: length of an encoded row. A nominal column gives one number per category, any other column gives one (method.md
 * 2.1).
 */
export const encodedWidth = (columns: readonly FittedColumn[]): number =>
  columns.reduce((width, column) => width + widthOf(column), 0);

const widthOf = ({ kind, categories }: FittedColumn): number =>
  kind === 'nominal' ? (categories?.length ?? 0) : 1;

/**
 * Encodes one row with the fitted parameters (method.md 2.3) into `target`, starting at `at`: fills missing cells,
 * clips values to the range of their column, one-hot encodes nominal columns, computes `(x - offset) / scale` for
 * numeric and ordinal columns, and keeps binary columns.
 *
 * @param cellOf the cell of a column by its position in `columns`; NaN is a missing cell
 * @param target zeros, as many as `encodedWidth(columns)`
 */
export function encodeRow(
  columns: readonly FittedColumn[],
  cellOf: (column: number) => number,
  target: Float32Array | Float64Array,
  at = 0,
): void {
  let place = at;
  for (const [position, column] of columns.entries()) {
    const value = readAs(column, cellOf(position));
    if (column.kind === 'nominal') {
      if (value >= 0 && value < widthOf(column)) target[place + value] = 1;
    } else target[place] = column.kind === 'binary' ? value : scaled(column, value);
    place += widthOf(column);
  }
}

/** The value of a cell before encoding: filled and clipped. */
export function readAs({ fill, known, range }: FittedColumn, cell: number): number {
  if (Number.isNaN(cell) || (known !== undefined && !known.includes(cell))) return fill;
  return range === undefined ? cell : Math.min(Math.max(cell, range[0]), range[1]);
}

const scaled = ({ offset = 0, scale = 1 }: FittedColumn, value: number): number => (value - offset) / scale;
