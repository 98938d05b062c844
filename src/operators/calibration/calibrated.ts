import { probability } from '../tensor/cross-entropy.js';
import type { CalibrationMap } from './calibration-data.js';

/**
 * The calibrated probability of a logit (method.md 9.6). A patient without any input of the network has no logit: the
 * probability of this patient is the base rate, and the caller must not calibrate it.
 *
 * @example calibrated({ kind: 'platt', slope: 0.5, intercept: -1 }, 2) // 0.5
 */
export function calibrated(map: CalibrationMap, logit: number): number {
  switch (map.kind) {
    case 'none':
      return probability(logit);
    case 'platt':
      return probability(map.slope * logit + map.intercept);
    case 'temperature':
      return probability(logit / map.temperature);
    case 'isotonic':
      return interpolated(map.knots, logit);
  }
}

/** Linear interpolation between the two knots around a logit. Outside of all knots: the first or last probability. */
function interpolated(
  knots: readonly { readonly logit: number; readonly p: number }[],
  logit: number,
): number {
  const [first, last] = [knots[0], knots.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError('an isotonic map has no knot');
  if (Number.isNaN(logit)) throw new RangeError('a logit is NaN');
  if (logit <= first.logit) return first.p;
  if (logit >= last.logit) return last.p;
  const above = knots.findIndex((knot) => knot.logit >= logit);
  const [low, high] = [knots[above - 1] ?? first, knots[above] ?? last];
  if (high.logit === logit || high.p === low.p) return high.p;
  const p = low.p + (high.p - low.p) * ((logit - low.logit) / (high.logit - low.logit));
  // A rounding error must not move the result out of the interval of the two knots. Otherwise two patients could change
  // their order.
  return Math.min(high.p, Math.max(low.p, p));
}
