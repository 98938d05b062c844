import { logisticLoss } from '../tensor/cross-entropy.js';
import type { FollowUp } from './follow-up.js';
import { binCount, binOf, boundsOf, type HazardBins } from './hazard-bins.js';

/**
 * Whether a censored patient counts as having survived the bin of the last contact: `half` if the contact was in the second half of
 * the bin (Gensheimer and Narasimhan 2019), `full` always, `none` never.
 */
export type CensorCredit = 'half' | 'full' | 'none';

/**
 * The input of a patient's loss: the number of bins, counted from the first bin, in which the patient was at risk, and
 * whether the event is in the last of these bins.
 */
export interface HazardTarget {
  readonly atRisk: number;
  readonly event: 0 | 1;
}

/** Loss of one patient and its derivative with respect to each logit. */
export interface HazardLoss {
  readonly loss: number;
  /**
   * [K], by bin: the hazard lambda_j, minus 1 in the bin of the event. 0 in bins in which the patient is not at risk.
   */
  readonly gradient: Float64Array;
}

/** The number of bins in which each patient was at risk (method.md 11.2). */
export const hazardTargets = (
  { time, event }: FollowUp,
  bins: HazardBins,
  credit: CensorCredit,
): readonly HazardTarget[] =>
  Array.from(time, (days, i) => {
    const bin = binOf(bins, days);
    return event[i] === 1
      ? { atRisk: bin + 1, event: 1 }
      : { atRisk: bin + (survivedBin(bins, bin, days, credit) ? 1 : 0), event: 0 };
  });

function survivedBin(bins: HazardBins, bin: number, days: number, credit: CensorCredit): boolean {
  switch (credit) {
    case 'full':
      return true;
    case 'none':
      return false;
    case 'half': {
      const { from, to } = boundsOf(bins, bin);
      return days >= (from + to) / 2;
    }
  }
}

/**
 * Negative log likelihood of a patient under discrete hazards lambda_j = sigma(h_j): binary cross-entropy of "event in
 * this bin" over the bins at risk (method.md 11.2). If a patient is censored in the first bin and does not count as
 * having survived this bin (`CensorCredit`), the loss is 0.
 *
 * @param logits [K]
 */
export function hazardLoss(logits: ArrayLike<number>, { atRisk, event }: HazardTarget): HazardLoss {
  const gradient = new Float64Array(logits.length);
  let total = 0;
  for (let j = 0; j < atRisk; j++) {
    const bin = logisticLoss(logits[j] as number, event === 1 && j === atRisk - 1 ? 1 : 0);
    total += bin.loss;
    gradient[j] = bin.gradient;
  }
  return { loss: total, gradient };
}

/**
 * Logits that minimise the mean loss if all patients share them: the hazard of a bin is events / patients at risk.
 * Training starts with these logits, which give the Kaplan-Meier curve in bins. A bin without events, or without
 * survivors, has no finite logit. In such a bin, half a patient is added to the events and half a patient to the
 * survivors.
 *
 * @returns [K]
 */
export function hazardBiases(targets: readonly HazardTarget[], bins: HazardBins): Float64Array {
  const events = new Float64Array(binCount(bins));
  const survived = new Float64Array(binCount(bins));
  for (const { atRisk, event } of targets)
    for (let j = 0; j < atRisk; j++) {
      const side = event === 1 && j === atRisk - 1 ? events : survived;
      side[j] = (side[j] as number) + 1;
    }
  return events.map((died, j) => {
    const lived = survived[j] as number;
    return died > 0 && lived > 0 ? Math.log(died / lived) : Math.log((died + 0.5) / (lived + 0.5));
  });
}

/** Positions, from 0, of bins in which no patient has the event. Their hazard is learned only from survivors. */
export function binsWithoutEvents(targets: readonly HazardTarget[], bins: HazardBins): readonly number[] {
  const seen = new Set(targets.flatMap(({ atRisk, event }) => (event === 1 ? [atRisk - 1] : [])));
  return Array.from({ length: binCount(bins) }, (_, j) => j).filter((j) => !seen.has(j));
}
