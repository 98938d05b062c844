import { estimated, notEstimated, z975, type Estimate } from './estimate.js';

/**
 * A fraction with Wilson's 95 % interval (1927), which stays within 0 and 1 and has a positive width at 0 and 1.
 *
 * @param none the reason to report if `whole` is 0
 */
export function proportion(part: number, whole: number, none: string): Estimate {
  if (whole === 0) return notEstimated(none);
  const share = part / whole;
  const z2 = z975 ** 2 / whole;
  const centre = (share + z2 / 2) / (1 + z2);
  const half = (z975 / (1 + z2)) * Math.sqrt((share * (1 - share)) / whole + z2 / (4 * whole));
  // Fraction 0 has the lower bound 0, fraction 1 the upper bound 1. The formula could miss them by a rounding error.
  return estimated(share, [part === 0 ? 0 : centre - half, part === whole ? 1 : centre + half]);
}
