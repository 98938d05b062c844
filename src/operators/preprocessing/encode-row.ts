import type { FittedColumn } from './vectors-data.js';

/** d_m: numbers one row encodes to; a nominal column gives one per code, any other gives one (method.md 2.1). */
export const encodedWidth = (columns: readonly FittedColumn[]): number =>
  columns.reduce((width, { kind, codes }) => width + (kind === 'nominal' ? (codes?.length ?? 0) : 1), 0);

/**
 * Encodes one row with what was fitted (method.md 2.3): fills missing cells, one-hot for nominal columns (an
 * unknown code gives zeros), `(x - offset) / scale` for numeric and ordinal ones, binary columns as they are.
 *
 * @param cells - in the order of `columns`; null, or nothing at all, is a missing cell
 * @returns float64 values, as many as `encodedWidth(columns)`
 */
export const encodeRow = (columns: readonly FittedColumn[], cells: readonly (number | null)[]): number[] =>
  columns.flatMap((column, at) => encodeCell(column, cells[at] ?? column.fill));

function encodeCell(
  { kind, codes = [], offset = 0, scale = 1, range }: FittedColumn,
  value: number,
): number[] {
  if (kind === 'binary') return [value];
  if (kind === 'nominal') return codes.map((code) => (code === value ? 1 : 0));
  const kept = range === undefined ? value : Math.min(Math.max(value, range[0]), range[1]);
  return [(kept - offset) / scale];
}
