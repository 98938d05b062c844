import { chiSquareUpper, fairCoinTwoSided } from './tail-probability.js';

/** A chi-square statistic with one degree of freedom and its p. */
export interface ChiSquare {
  readonly statistic: number;
  readonly p: number;
}

/** McNemar's test in its three forms. The chi-square forms are null if no patient is discordant. */
export interface McNemarTest {
  /** Two-sided binomial p, the default of method.md 9.5. */
  readonly exactP: number;
  readonly continuity: ChiSquare | null;
  readonly uncorrected: ChiSquare | null;
}

const chiSquare = (statistic: number): ChiSquare => ({ statistic, p: chiSquareUpper(statistic) });

/**
 * McNemar's test of two classifiers on the same patients (method.md 9.5), computed from the discordant counts.
 *
 * @param onlyFirst number of patients that only the first classifier gets right
 * @param onlySecond number that only the second gets right
 */
export function mcnemarTest(onlyFirst: number, onlySecond: number): McNemarTest {
  const n = onlyFirst + onlySecond;
  const difference = Math.abs(onlyFirst - onlySecond);
  return {
    exactP: fairCoinTwoSided(Math.min(onlyFirst, onlySecond), n),
    // The corrected difference is squared without clipping at 0, as in the reference implementation: equal counts give
    // 1/n, not 0.
    continuity: n === 0 ? null : chiSquare((difference - 1) ** 2 / n),
    uncorrected: n === 0 ? null : chiSquare(difference ** 2 / n),
  };
}
