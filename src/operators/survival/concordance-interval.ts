import type { Rng } from '../../pipeline/core/rng.js';
import { estimated, notEstimated, withoutInterval, type Estimate } from '../stats/estimate.js';
import { quantile } from '../stats/quantile.js';
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
 * Bootstraps Harrell's and Uno's C: each resample draws as many patients as there are, with replacement, within those with and those
 * without the event.
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
  const everyone = [...risks.keys()];
  const both = (patients: readonly number[]) => {
    const own = followUpAt(followUp, patients);
    const ownRisks = patients.map((i) => risks[i] as number);
    return { harrell: harrellC(own, ownRisks), uno: unoC(own, ownRisks, censoringOf(own), tau) };
  };
  const point = both(everyone);
  const strata = [1, 0]
    .map((event) => everyone.filter((i) => followUp.event[i] === event))
    .filter(({ length }) => length > 0);
  const drawn = { harrell: [] as number[], uno: [] as number[] };
  if (point.harrell.value !== null)
    for (let resample = 0; resample < resamples; resample++) {
      const { harrell, uno } = both(
        strata.flatMap((stratum) => stratum.map(() => stratum[random.int(stratum.length)] as number)),
      );
      if (harrell.value !== null) drawn.harrell.push(harrell.value);
      if (uno.value !== null) drawn.uno.push(uno.value);
    }
  const estimate = (of: 'harrell' | 'uno'): Estimate => {
    const { value, reason } = point[of];
    if (value === null) return notEstimated(reason);
    const sorted = drawn[of].sort((a, b) => a - b);
    return sorted.length === 0 || sorted[0] === sorted.at(-1)
      ? withoutInterval(value, 'too few comparable pairs for an interval')
      : estimated(value, [quantile(sorted, 0.025), quantile(sorted, 0.975)]);
  };
  return { harrell: estimate('harrell'), uno: estimate('uno') };
}
