import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf';
import normalCdf from '@stdlib/stats-base-dists-normal-cdf';

/** P(|Z| >= |z|) of a standard normal Z. Computed from the lower tail, so that small values keep their precision. */
export const normalTwoSided = (z: number): number => 2 * normalCdf(-Math.abs(z), 0, 1);

/**
 * P(X >= x) of a chi-square distribution with an integer number of degrees of freedom, by its finite sum (Abramowitz and Stegun
 * 26.4.4 and 26.4.5). All terms are positive, so small values keep their precision.
 */
export function chiSquareUpper(x: number, degrees = 1): number {
  const odd = degrees % 2 === 1;
  let sum = odd ? normalTwoSided(Math.sqrt(x)) : Math.exp(-x / 2);
  // Two more degrees of freedom add 2 f(x), where f is the density with k degrees. The term for k is x/k times the term
  // for k - 2.
  let term = odd ? Math.sqrt((2 * x) / Math.PI) * Math.exp(-x / 2) : sum * (x / 2);
  for (let k = odd ? 1 : 2; k < degrees; k += 2) {
    sum += term;
    term *= x / (k + 2);
  }
  return sum;
}

/** Exact two-sided p of a fair coin with `few` heads (the rarer side) in `n` throws. 1 if n = 0. */
export const fairCoinTwoSided = (few: number, n: number): number =>
  n === 0 ? 1 : Math.min(1, 2 * binomialCdf(few, n, 0.5));

/**
 * P(|T| >= |t|) of Student's t with an integer number of degrees of freedom: the incomplete beta function I_x(n/2, 1/2) at x = n / (n
 * + t^2), by its continued fraction (Numerical Recipes 6.4).
 */
export function studentTwoSided(t: number, degrees: number): number {
  const x = degrees / (degrees + t * t);
  if (x >= 1) return 1;
  const [a, b] = [degrees / 2, 0.5];
  // The beta function B(a, 1/2), computed from B(1/2, 1/2) = pi or B(1, 1/2) = 2.
  let beta = degrees % 2 === 1 ? Math.PI : 2;
  for (let own = degrees % 2 === 1 ? 0.5 : 1; own < a; own++) beta *= own / (own + b);
  // 1 - x, computed without cancellation for small t.
  const rest = (t * t) / (degrees + t * t);
  const front = (x ** a * rest ** b) / beta;
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(x, a, b)) / a
    : 1 - (front * betaFraction(rest, b, a)) / b;
}

/** The continued fraction of the incomplete beta function by Lentz's method. */
function betaFraction(x: number, a: number, b: number): number {
  let [c, d] = [1, 1 / (1 - ((a + b) * x) / (a + 1))];
  let fraction = d;
  for (let m = 1, change = 0; m < 500 && Math.abs(change - 1) > 1e-16; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    change = d * c;
    fraction *= change;
  }
  return fraction;
}
