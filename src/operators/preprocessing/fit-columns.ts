import type { TypedColumn } from '../tables/typed-column.js';
import type { FittedColumn } from './vectors-data.js';

/** The settings of fitting: keys of `tabular`, and the scaler of the table. */
export interface FitOptions {
  readonly numericImpute: 'mostFrequent' | 'mean';
  readonly scaler: 'minmax' | 'zscore';
  readonly clip: boolean;
  /**
   * How far a value may lie outside of the training range, as a multiple of the length of this range. null sets no
   * bound.
   * @default null
   */
  readonly bound?: number | null;
  /**
   * How a cell is treated if no training patient has its value: as a missing cell, or unchanged.
   * @default used
   */
  readonly untrained?: 'missing' | 'used';
}

/**
 * Fits imputation and scaling of one column (method.md 2.3) on the observed rows of training patients. Sums and
 * statistics are float64.
 *
 * - fill: most frequent value, the smallest on a tie; numeric columns may use the mean instead; 0 without values
 * - numeric and ordinal columns: offset and scale by minimum and range, or by mean and population standard
 *   deviation of the filled column; a constant column has scale 1, so it encodes to 0 in training
 * - the categories of a nominal column are given with the column, never fitted
 * - a column without a training value: every cell becomes the fill
 * - `untrained: missing`: a category that no training patient has also becomes the fill, and so does every cell of
 *   a column that is constant in training
 * - `bound`, `clip`: the interval that values are clipped to before they are scaled
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
    kind === 'numeric' && options.numericImpute === 'mean' ? meanWithin(observed) : mostFrequent(observed);
  if (kind === 'nominal')
    return { name, kind, categories: categories ?? [], fill, ...knownCategories(observed, options) };
  const values = cells.map((cell) => (Number.isNaN(cell) ? fill : cell));
  const { offset, scale, min, max } = scaling(values, options.scaler);
  const silent = observed.length === 0 || (min === max && options.untrained === 'missing');
  const range: [number, number] | null = silent ? [fill, fill] : allowedRange(min, max, options);
  const limited = range === null || (kind === 'binary' && !silent) ? {} : { range };
  return kind === 'binary'
    ? { name, kind, fill, ...limited }
    : { name, kind, fill, offset, scale, ...limited };
}

/**
 * The known categories: those of the training patients, if `untrained` is `missing` or no value is observed. Otherwise
 * `known` is absent, which means that all categories are known.
 */
const knownCategories = (observed: Float64Array, { untrained }: FitOptions): Pick<FittedColumn, 'known'> =>
  observed.length === 0 || untrained === 'missing'
    ? { known: [...new Set(observed)].sort((a, b) => a - b) }
    : {};

/**
 * The interval that values are clipped to. Null if values are not clipped. A constant column has the range 0, so 1 is
 * used as its range.
 */
function allowedRange(min: number, max: number, { clip, bound }: FitOptions): [number, number] | null {
  if (clip) return [min, max];
  if (bound === null || bound === undefined) return null;
  const beyond = bound * (min === max ? 1 : max - min);
  return [min - beyond, max + beyond];
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

/** The mean, kept within the range of the values. Without this, rounding would give a constant column a range. */
function meanWithin(values: Float64Array): number {
  const [min, max] = extremes(values);
  return values.length === 0 ? 0 : Math.min(Math.max(mean(values), min), max);
}

function extremes(values: Float64Array): [number, number] {
  let [min, max] = [Infinity, -Infinity];
  for (const value of values) [min, max] = [Math.min(min, value), Math.max(max, value)];
  return [min, max];
}

/** Population variance of the cells that are not missing. 0 if all cells are missing. */
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
  const [min, max] = extremes(values);
  // The range and not the deviation decides whether a column is constant, because rounding can give a constant column a
  // tiny deviation.
  if (min === max) return { offset: min, scale: 1, min, max };
  if (scaler === 'minmax') return { offset: min, scale: max - min, min, max };
  return { offset: mean(values), scale: Math.sqrt(variance(values)), min, max };
}
