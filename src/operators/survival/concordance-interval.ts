import type { Rng } from '../../pipeline/core/rng.js';
import type { Estimate } from '../stats/estimate.js';
import { bootstrapEstimates } from './bootstrap-estimates.js';
import { censoringOf } from './censoring.js';
import { harrellC, unoC } from './concordance.js';
import { followUpAt, type FollowUp } from './follow-up.js';

/** Harrell's and Uno's C of one group of patients with 95 % percentile intervals of a bootstrap over patients. */
export interface ConcordanceIntervals {
  readonly harrell: Estimate;
  /** The censoring weights come from the same patients, again in each resample. */
  readonly uno: Estimate;
}

/**
 * Bootstraps Harrell's and Uno's C.
 *
 * @param tau days up to which events count in Uno's C
 * @throws RangeError if a risk is not finite or the lengths differ
 */
export function concordanceIntervals(
  followUp: FollowUp,
  risks: readonly number[],
  tau: number | null,
  resamples: number,
  random: Rng,
): ConcordanceIntervals {
  return bootstrapEstimates(
    followUp,
    (patients) => {
      const own = followUpAt(followUp, patients);
      const ownRisks = patients.map((i) => risks[i] as number);
      return { harrell: harrellC(own, ownRisks), uno: unoC(own, ownRisks, censoringOf(own), tau) };
    },
    resamples,
    random,
  );
}
