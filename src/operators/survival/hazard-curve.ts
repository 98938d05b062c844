import { logisticLoss } from '../tensor/cross-entropy.js';
import { binCount, binOf, boundsOf, type HazardBins } from './hazard-bins.js';

/** -log(1 - sigma(h)): the contribution of a bin with the logit h to the cumulative hazard. */
const softplus = (logit: number): number => logisticLoss(logit, 0).loss;

/** Survival at the end of each bin, S_k = prod_{j<=k} (1 - sigma(h_j)). It never increases. */
export function survivalOfBins(logits: ArrayLike<number>): Float64Array {
  let cumulative = 0;
  return Float64Array.from(logits, (logit) => Math.exp(-(cumulative += softplus(logit))));
}

/** Risk of a patient, - sum_k S_k: higher means an earlier event (method.md 11.2). */
export const hazardRisk = (logits: ArrayLike<number>): number =>
  -survivalOfBins(logits).reduce((sum, survival) => sum + survival, 0);

/**
 * Survival S(t) of one patient at given times, with a constant hazard rate inside each bin. The rate of the last bin continues beyond
 * its end.
 *
 * @param logits [K]
 * @param times days, at least 0
 * @throws RangeError if the number of logits differs from that of bins
 */
export function survivalAt(
  logits: ArrayLike<number>,
  bins: HazardBins,
  times: ArrayLike<number>,
): Float64Array {
  if (logits.length !== binCount(bins))
    throw new RangeError(`${logits.length} logits but ${binCount(bins)} bins`);
  const ends = new Float64Array(logits.length);
  let cumulative = 0;
  for (let j = 0; j < logits.length; j++) ends[j] = cumulative += softplus(logits[j] as number);
  return Float64Array.from(times, (days) => {
    const bin = binOf(bins, days);
    const { from, to } = boundsOf(bins, bin);
    // If the last inner edge equals the largest training time, the last bin has no width: its whole hazard falls on
    // that day.
    const share = to > from ? (days - from) / (to - from) : 1;
    return Math.exp(-((ends[bin - 1] ?? 0) + share * softplus(logits[bin] as number)));
  });
}
