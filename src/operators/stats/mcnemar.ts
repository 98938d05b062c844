import { chiSquareUpper, fairCoinTwoSided } from './tail-probability.js';

/** A chi-square statistic with one degree of freedom and its p. */
export interface ChiSquare {
  readonly statistic: number;
  readonly p: number;
}

/** McNemar's test in its three forms; the chi-square ones are null when no patient is discordant. */
export interface McNemarTest {
  /** Two-sided binomial p, the default of method.md 9.5. */
  readonly exactP: number;
  readonly continuity: ChiSquare | null;
  readonly uncorrected: ChiSquare | null;
}

const chiSquare = (statistic: number): ChiSquare => ({ statistic, p: chiSquareUpper(statistic) });

/**
 * McNemar's test of two classifiers on the same patients (method.md 9.5), from the discordant counts alone.
 *
 * @param onlyFirst patients the first classifier gets right and the second wrong
 * @param onlySecond the reverse
 */
export function mcnemarTest(onlyFirst: number, onlySecond: number): McNemarTest {
  const n = onlyFirst + onlySecond;
  const difference = Math.abs(onlyFirst - onlySecond);
  return {
    exactP: fairCoinTwoSided(Math.min(onlyFirst, onlySecond), n),
    // The correction is squared unclipped, as the reference does: equal counts give 1/n, not 0.
    continuity: n === 0 ? null : chiSquare((difference - 1) ** 2 / n),
    uncorrected: n === 0 ? null : chiSquare(difference ** 2 / n),
  };
}
