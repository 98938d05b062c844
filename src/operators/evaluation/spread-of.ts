import { mean, populationStd } from '../stats/spread.js';
import type { Spread } from './summary-data.js';

/** Mean and population standard deviation over the folds where a metric is defined (method.md 9.1). */
export function spreadOf(values: readonly (number | null)[]): Spread {
  const defined = values.filter((value) => value !== null);
  return defined.length === 0
    ? { mean: null, std: null, folds: 0 }
    : { mean: mean(defined), std: populationStd(defined), folds: defined.length };
}
