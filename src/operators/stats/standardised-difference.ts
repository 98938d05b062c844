import { quadraticForm } from './quadratic-form.js';

/** Mean and standard deviation of a group. */
export interface Moments {
  readonly mean: number;
  readonly sd: number;
}

/**
 * Standardised mean difference (Austin 2009): the difference of the means divided by the square root of the mean of the
 * two variances. Null if neither group varies and the means differ.
 */
export function standardisedDifference(reference: Moments, other: Moments): number | null {
  const difference = other.mean - reference.mean;
  const scale = Math.sqrt((reference.sd ** 2 + other.sd ** 2) / 2);
  if (scale > 0) return difference / scale;
  return difference === 0 ? 0 : null;
}

/**
 * Standardised difference of a nominal variable (Yang and Dalton 2012): the Mahalanobis distance of the fractions of
 * its categories. It is at least 0. Null if a part of the difference has no variance in either group, for example if a
 * category has all patients of one group and none of the other.
 *
 * @param reference fractions of the categories in one group, sum 1
 * @param other fractions of the same categories in the other group
 */
export function standardisedShareDifference(
  reference: readonly number[],
  other: readonly number[],
): number | null {
  const size = reference.length;
  const covariance = new Float64Array(size * size);
  for (const shares of [reference, other])
    for (let a = 0; a < size; a++)
      for (let b = 0; b < size; b++) {
        const [own, second] = [shares[a] as number, shares[b] as number];
        const at = a * size + b;
        covariance[at] = (covariance[at] as number) + (a === b ? own * (1 - own) : -own * second) / 2;
      }
  const difference = Float64Array.from(other, (share, k) => share - (reference[k] as number));
  const { value, outside } = quadraticForm(covariance, difference);
  return outside > 1e-9 ? null : Math.sqrt(value);
}
