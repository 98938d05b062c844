import type { Rng } from '../../pipeline/core/rng.js';
import { estimated, notEstimated, withoutInterval, type Estimate } from '../stats/estimate.js';
import { quantile } from '../stats/quantile.js';
import type { FollowUp } from './follow-up.js';
import type { Measure } from './measure.js';

/**
 * Several measures of one group of patients with 95 % percentile intervals of a bootstrap over patients. A resample has
 * as many patients with the event, and as many without, as the group. Both are drawn with replacement. All measures see
 * the same resamples. A resample in which a measure is undefined does not count for this measure.
 *
 * @param measuresOf the measures of patients, given by position; the list may contain a patient several times
 */
export function bootstrapEstimates<Name extends string>(
  { event }: FollowUp,
  measuresOf: (patients: readonly number[]) => Readonly<Record<Name, Measure>>,
  resamples: number,
  random: Rng,
): Readonly<Record<Name, Estimate>> {
  const everyone = Array.from(event, (_, i) => i);
  const point = measuresOf(everyone);
  const names = Object.keys(point) as Name[];
  const strata = [1, 0]
    .map((of) => everyone.filter((i) => event[i] === of))
    .filter(({ length }) => length > 0);
  const drawn = new Map(names.map((name) => [name, [] as number[]]));
  if (names.some((name) => point[name].value !== null))
    for (let resample = 0; resample < resamples; resample++) {
      const measures = measuresOf(
        strata.flatMap((stratum) => stratum.map(() => stratum[random.int(stratum.length)] as number)),
      );
      for (const [name, values] of drawn) {
        const { value } = measures[name];
        if (value !== null) values.push(value);
      }
    }
  const estimate = (name: Name): Estimate => {
    const { value, reason } = point[name];
    if (value === null) return notEstimated(reason);
    const sorted = (drawn.get(name) ?? []).sort((a, b) => a - b);
    return sorted.length === 0 || sorted[0] === sorted.at(-1)
      ? withoutInterval(value, 'too few patients that can be compared for an interval')
      : estimated(value, [quantile(sorted, 0.025), quantile(sorted, 0.975)]);
  };
  return Object.fromEntries(names.map((name) => [name, estimate(name)])) as Record<Name, Estimate>;
}
