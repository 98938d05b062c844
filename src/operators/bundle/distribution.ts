import { mean, populationStd } from '../stats/spread.js';
import type { BundleColumn, Distribution } from './bundle-data.js';

/**
 * The distribution of the known values of a column: mean and standard deviation, or, for a nominal column, the fraction of each
 * value.
 *
 * @param cells NaN is a missing cell
 * @returns null if no value is known
 */
export function distributionOf(kind: BundleColumn['kind'], cells: Float64Array): Distribution | null {
  const values = [...cells].filter((cell) => !Number.isNaN(cell));
  const known = values.length;
  if (known === 0) return null;
  if (kind !== 'nominal') return { known, mean: mean(values), sd: populationStd(values) };
  const counts = new Map<number, number>();
  for (const cell of values) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  return {
    known,
    shares: [...counts].sort(([a], [b]) => a - b).map(([cell, count]) => ({ cell, share: count / known })),
  };
}
