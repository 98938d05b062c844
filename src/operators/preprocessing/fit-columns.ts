import type { Column } from '../cohort/table-data.js';
import type { FittedColumn } from './vectors-data.js';

/** The keys of `tabular` that fitting looks at. */
export interface FitOptions {
  readonly numericImpute: 'mostFrequent' | 'mean';
  readonly scaler: 'minmax' | 'zscore';
  readonly clip: boolean;
}

type Cell = number | null;

/**
 * Fits imputation and scaling of each column (method.md 2.3) on the observed rows of training patients. Sums and
 * statistics are float64.
 *
 * - fill: most frequent value, the smallest on a tie; numeric columns may take the mean instead; 0 without values
 * - numeric and ordinal columns: offset and scale by minimum and range, or by mean and population standard
 *   deviation of the filled column; a constant column has scale 1, so it encodes to 0 in training
 * - the vocabulary of a nominal column is given with the column, never fitted
 *
 * @param rows - cells in the order of `columns`
 */
export const fitColumns = (
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: FitOptions,
): FittedColumn[] =>
  columns.map((column, at) => {
    const cells = rows.map((row) => row[at] ?? null);
    return fitColumn(column, cells, options);
  });

function fitColumn({ name, kind, codes }: Column, cells: readonly Cell[], options: FitOptions): FittedColumn {
  const observed = cells.filter((cell) => cell !== null);
  const fill =
    kind === 'numeric' && options.numericImpute === 'mean' ? mean(observed) : mostFrequent(observed);
  if (kind === 'binary') return { name, kind, fill };
  if (kind === 'nominal') return { name, kind, codes: codes ?? [], fill };
  const values = cells.map((cell) => cell ?? fill);
  const { offset, scale, min, max } = scaling(values, options.scaler);
  return { name, kind, fill, offset, scale, ...(options.clip ? { range: [min, max] } : {}) };
}

function mostFrequent(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let best = { value: 0, count: 0 };
  for (const [value, count] of counts)
    if (count > best.count || (count === best.count && value < best.value)) best = { value, count };
  return best.value;
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

function scaling(
  values: readonly number[],
  scaler: FitOptions['scaler'],
): { offset: number; scale: number; min: number; max: number } {
  if (values.length === 0) return { offset: 0, scale: 1, min: 0, max: 0 };
  const min = Math.min(...values);
  const max = Math.max(...values);
  // By range, not by deviation: rounding gives a constant column a deviation that is tiny but not zero.
  if (min === max) return { offset: min, scale: 1, min, max };
  if (scaler === 'minmax') return { offset: min, scale: max - min, min, max };
  const centre = mean(values);
  const variance = mean(values.map((value) => (value - centre) ** 2));
  return { offset: centre, scale: Math.sqrt(variance), min, max };
}
