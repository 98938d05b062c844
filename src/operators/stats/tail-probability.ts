import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf';
import normalCdf from '@stdlib/stats-base-dists-normal-cdf';

/** P(|Z| >= |z|) of a standard normal Z. The lower tail is used, so small values keep their digits. */
export const normalTwoSided = (z: number): number => 2 * normalCdf(-Math.abs(z), 0, 1);

/** P(X >= x) of a chi-square with one degree of freedom, which is a squared standard normal. */
export const chiSquareUpper = (x: number): number => normalTwoSided(Math.sqrt(x));

/** Exact two-sided p of a fair coin with `few` heads (the rarer side) in `n` throws; 1 when n = 0. */
export const fairCoinTwoSided = (few: number, n: number): number =>
  n === 0 ? 1 : Math.min(1, 2 * binomialCdf(few, n, 0.5));
