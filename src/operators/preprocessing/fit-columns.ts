import type { TypedColumn } from '../tables/typed-column.js';
import type { FittedColumn } from './vectors-data.js';

/** The settings that fitting looks at: keys of `tabular`, and the scaler of the table. */
export interface FitOptions {
  readonly numericImpute: 'mostFrequent' | 'mean';
  readonly scaler: 'minmax' | 'zscore';
  readonly clip: boolean;
}

/**
 * Fits imputation and scaling of one column (method.md 2.3) on the observed rows of training patients. Sums and
 * statistics are float64.
 *
 * - fill: most frequent value, the smallest on a tie; numeric columns may take the mean instead; 0 without values
 * - numeric and ordinal columns: offset and scale by minimum and range, or by mean and population standard
 *   deviation of the filled column; a constant column has scale 1, so it encodes to 0 in training
 * - the categories of a nominal column are given with the column, never fitted
 *
 * @param cells NaN is a missing cell
 */
export function fitColumn(
  { name, kind, categories }: Pick<TypedColumn, 'name' | 'kind' | 'categories'>,
  cells: Float64Array,
  options: FitOptions,
): FittedColumn {
  const observed = cells.filter((cell) => !Number.isNaN(cell));
  const fill =
    kind === 'numeric' && options.numericImpute === 'mean' ? mean(observed) : mostFrequent(observed);
  if (kind === 'binary') return { name, kind, fill };
  if (kind === 'nominal') return { name, kind, categories: categories ?? [], fill };
  const values = cells.map((cell) => (Number.isNaN(cell) ? fill : cell));
  const { offset, scale, min, max } = scaling(values, options.scaler);
  return { name, kind, fill, offset, scale, ...(options.clip ? { range: [min, max] } : {}) };
}

function mostFrequent(values: Float64Array): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let best = { value: 0, count: 0 };
  for (const [value, count] of counts)
    if (count > best.count || (count === best.count && value < best.value)) best = { value, count };
  return best.value;
}

const mean = (values: Float64Array): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

/** Population variance of the cells that are not missing; 0 without any. */
export function variance(cells: Float64Array): number {
  const observed = cells.filter((cell) => !Number.isNaN(cell));
  const centre = mean(observed);
  return mean(observed.map((value) => (value - centre) ** 2));
}

function scaling(
  values: Float64Array,
  scaler: FitOptions['scaler'],
): { offset: number; scale: number; min: number; max: number } {
  if (values.length === 0) return { offset: 0, scale: 1, min: 0, max: 0 };
  let [min, max] = [Infinity, -Infinity];
  for (const value of values) [min, max] = [Math.min(min, value), Math.max(max, value)];
  // By range, not by deviation: rounding gives a constant column a deviation that is tiny but not zero.
  if (min === max) return { offset: min, scale: 1, min, max };
  if (scaler === 'minmax') return { offset: min, scale: max - min, min, max };
  return { offset: mean(values), scale: Math.sqrt(variance(values)), min, max };
}
