import { counted } from '../../pipeline/core/wording.js';
import { observedChance, type Censoring } from './censoring.js';
import { checkRisks } from './check-risks.js';
import type { FollowUp } from './follow-up.js';
import { measured, notDefined, type Measure } from './measure.js';
import { riskTolerance } from './pair-counter.js';

/**
 * Cumulative/dynamic AUC at a horizon (Uno 2007; Hung and Chiang 2010): the probability that a patient with the event
 * by the horizon has a higher risk than a patient observed beyond the horizon. Patients with the event are weighted by
 * 1/G(T_i); ties count one half (method.md 11.5).
 *
 * @param censoring of the training patients
 * @param horizon days
 * @throws RangeError if a risk is not finite or the lengths differ
 */
export function dynamicAuc(
  { time, event }: FollowUp,
  risks: ArrayLike<number>,
  censoring: Censoring,
  horizon: number,
): Measure {
  checkRisks(risks, time.length);
  const patients = Array.from(time, (_, i) => i);
  const days = (i: number): number => time[i] as number;
  const cases = patients.filter((i) => event[i] === 1 && days(i) <= horizon);
  const controls = Float64Array.from(
    patients.filter((i) => days(i) > horizon),
    (i) => risks[i] as number,
  ).sort();
  if (cases.length === 0) return notDefined(`no event by ${horizon} days`);
  if (controls.length === 0) return notDefined(`nobody is observed beyond ${horizon} days`);
  let [wins, weights, without] = [0, 0, 0];
  for (const i of cases) {
    const chance = observedChance(censoring, days(i));
    if (chance === null) {
      without++;
      continue;
    }
    const risk = risks[i] as number;
    const below = countWhile(controls, (control) => risk - control > riskTolerance);
    const upTo = countWhile(controls, (control) => control - risk <= riskTolerance);
    wins += (below + upTo) / 2 / chance;
    weights += 1 / chance;
  }
  return without > 0
    ? notDefined(
        `${counted(without, 'event')} after the last time at which the censoring of the training patients is known`,
      )
    : measured(wins / (weights * controls.length));
}

/**
 * Number of values at the beginning that satisfy a condition, by binary search. After the first value that violates the
 * condition, every later value must violate it, too.
 */
function countWhile(values: Float64Array, holds: (value: number) => boolean): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(values[middle] as number)) low = middle + 1;
    else high = middle;
  }
  return low;
}
