import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf';
import normalCdf from '@stdlib/stats-base-dists-normal-cdf';

/** P(|Z| >= |z|) of a standard normal Z. The lower tail is used, so small values keep their digits. */
export const normalTwoSided = (z: number): number => 2 * normalCdf(-Math.abs(z), 0, 1);

/**
 * P(X >= x) of a chi-square with a whole number of degrees of freedom, by its finite sum (Abramowitz and Stegun 26.4.4 and 26.4.5). All
 * terms are positive, so small values keep their digits.
 */
export function chiSquareUpper(x: number, degrees = 1): number {
  const odd = degrees % 2 === 1;
  let sum = odd ? normalTwoSided(Math.sqrt(x)) : Math.exp(-x / 2);
  // The density 2 f(x) of k degrees is what two more degrees add: x/k times that of k - 2.
  let term = odd ? Math.sqrt((2 * x) / Math.PI) * Math.exp(-x / 2) : sum * (x / 2);
  for (let k = odd ? 1 : 2; k < degrees; k += 2) {
    sum += term;
    term *= x / (k + 2);
  }
  return sum;
}

/** Exact two-sided p of a fair coin with `few` heads (the rarer side) in `n` throws; 1 when n = 0. */
export const fairCoinTwoSided = (few: number, n: number): number =>
  n === 0 ? 1 : Math.min(1, 2 * binomialCdf(few, n, 0.5));
