import type { Rng } from '../../pipeline/core/rng.js';
import type { Estimate } from '../stats/estimate.js';
import { bootstrapEstimates } from './bootstrap-estimates.js';
import { harrellC } from './concordance.js';
import { followUpAt, type FollowUp } from './follow-up.js';

/**
 * Harrell's C of one group of patients with a 95 % percentile interval of a bootstrap over patients.
 *
 * @throws RangeError if a risk is not finite, or the number of risks is not the number of patients
 */
export const harrellInterval = (
  followUp: FollowUp,
  risks: readonly number[],
  resamples: number,
  random: Rng,
): Estimate =>
  bootstrapEstimates(
    followUp,
    (patients) => ({
      harrell: harrellC(
        followUpAt(followUp, patients),
        patients.map((i) => risks[i] as number),
      ),
    }),
    resamples,
    random,
  ).harrell;
