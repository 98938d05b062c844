import { chiSquareUpper } from '../stats/tail-probability.js';
import type { FollowUp } from './follow-up.js';

/**
 * Ten bins of S(T|x), the predicted survival of a patient at the patient's own time: the number of patients in each
 * bin, and the test that each bin has a tenth of the patients.
 */
export interface DCalibration {
  /** Number of patients in [0, 0.1), ..., [0.9, 1]. Numbers may be fractions, because censored patients are distributed over bins. */
  readonly bins: Float64Array;
  /** The test statistic. Null if there are no patients; `reason` then says so. */
  readonly chiSquare: number | null;
  readonly degrees: 9;
  readonly p: number | null;
  readonly reason: string | null;
}

const bins = 10;

/**
 * D-calibration (Haider et al. 2020): if the curves are right, S(T|x) is uniformly distributed. A patient censored at S
 * = s has the event later, at a smaller S. So the patient is distributed over the bins below s in proportion to their
 * width (method.md 11.5). A small p means: not calibrated.
 *
 * @param survival S(T_i|x_i), of each patient at its own time
 * @throws RangeError if a survival is not between 0 and 1 or the lengths differ
 */
export function dCalibration({ event }: FollowUp, survival: ArrayLike<number>): DCalibration {
  if (survival.length !== event.length)
    throw new RangeError(`${survival.length} survival values but ${event.length} patients`);
  const counts = new Float64Array(bins);
  for (let i = 0; i < event.length; i++) {
    const own = survival[i] as number;
    if (!(own >= 0 && own <= 1)) throw new RangeError(`the survival of patient ${i} is ${own}`);
    const bin = Math.min(bins - 1, Math.floor(own * bins));
    if (event[i] === 1 || own === 0) {
      counts[bin] = (counts[bin] as number) + 1;
      continue;
    }
    counts[bin] = (counts[bin] as number) + (own - bin / bins) / own;
    for (let below = 0; below < bin; below++) counts[below] = (counts[below] as number) + 1 / bins / own;
  }
  if (event.length === 0)
    return { bins: counts, chiSquare: null, degrees: 9, p: null, reason: 'no patients' };
  const expected = event.length / bins;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  return { bins: counts, chiSquare, degrees: 9, p: chiSquareUpper(chiSquare, 9), reason: null };
}
