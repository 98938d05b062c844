import { covariance, mean } from './spread.js';
import { studentTwoSided } from './tail-probability.js';

export interface CorrectedTest {
  /** Mean of the differences between the two methods. */
  readonly difference: number;
  /** The test statistic t. Null if the differences have no variance. */
  readonly t: number | null;
  readonly degrees: number;
  /** Two-sided p-value. 1 if the differences have no variance. */
  readonly p: number;
}

/**
 * Corrected resampled t test (Nadeau and Bengio 2003) for differences of two methods over the folds of repeated
 * cross-validation. Training sets overlap, so the variance of the mean of n differences is (1/n + test/training) s^2,
 * where s^2 is their sample variance (method.md 11.5).
 *
 * @param differences one for each fold of each repeat
 * @param testShare test patients divided by training patients of a fold, 1/9 for ten folds without validation patients
 * @returns null with fewer than two differences
 */
export function correctedResampledTest(
  differences: readonly number[],
  testShare: number,
): CorrectedTest | null {
  const n = differences.length;
  if (n < 2) return null;
  const difference = mean(differences);
  const variance = covariance(differences, differences);
  // If all differences are equal, the computed variance is only rounding error.
  const none = variance <= 1e-24 * (1 + difference ** 2);
  const t = none ? null : difference / Math.sqrt((1 / n + testShare) * variance);
  return { difference, t, degrees: n - 1, p: t === null ? 1 : studentTwoSided(t, n - 1) };
}
