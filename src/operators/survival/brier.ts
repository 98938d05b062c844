import { observedChance, type Censoring } from './censoring.js';
import { year, type FollowUp } from './follow-up.js';
import { measured, notDefined, type Measure } from './measure.js';

/**
 * Brier score at a horizon (Graf et al. 1999): mean squared difference between the predicted survival S(s|x) and the
 * status at the horizon s. The status is 1 without the event and 0 with it. Patients who are censored up to s add 0.
 * The weights 1/G of the other patients correct for this (inverse probability of censoring weighting, method.md 11.5).
 *
 * @param survival S(s|x) of each patient
 * @param horizon s, days
 * @param censoring of the training patients
 * @throws RangeError if a survival is not between 0 and 1 or the lengths differ
 */
export function brierAt(
  { time, event }: FollowUp,
  survival: ArrayLike<number>,
  horizon: number,
  censoring: Censoring,
): Measure {
  checkSurvival(survival, time.length);
  if (!time.some((days) => days > horizon)) return notDefined(`nobody is observed beyond ${horizon} days`);
  const atHorizon = observedChance(censoring, horizon);
  if (atHorizon === null)
    return notDefined(`the censoring of the training patients is not known at ${horizon} days`);
  let sum = 0;
  for (let i = 0; i < time.length; i++) {
    const days = time[i] as number;
    const own = survival[i] as number;
    if (days > horizon) sum += (1 - own) ** 2 / atHorizon;
    // The weight 1/G exists here: G, the probability of being still observed, decreases with time and is above 0 at the
    // horizon.
    else if (event[i] === 1) sum += own ** 2 / (observedChance(censoring, days) as number);
  }
  return measured(sum / time.length);
}

function checkSurvival(survival: ArrayLike<number>, patients: number): void {
  if (survival.length !== patients)
    throw new RangeError(`${survival.length} survival values but ${patients} patients`);
  for (let i = 0; i < patients; i++) {
    const own = survival[i] as number;
    // A computed curve may leave [0, 1] because of rounding.
    if (!(own >= -1e-9 && own <= 1 + 1e-9)) throw new RangeError(`the survival of patient ${i} is ${own}`);
  }
}

/**
 * The times at which the integrated Brier score is evaluated: every quarter of a year from half a year to the limit, as
 * long as test patients are observed longer and the training patients' probability G of being still observed is known
 * and above 0.
 *
 * @param limit days, five years by default
 * @returns days, ascending; may be empty
 */
export function integrationTimes(test: FollowUp, censoring: Censoring, limit = 5 * year): Float64Array {
  const last = test.time.reduce((most, days) => Math.max(most, days), 0);
  const quarters = Math.floor(limit / (year / 4) + 1e-9);
  return Float64Array.from({ length: Math.max(0, quarters - 1) }, (_, k) => (k + 2) * (year / 4)).filter(
    (days) => days < last && observedChance(censoring, days) !== null,
  );
}

/**
 * Integrated Brier score: area below the scores by the trapezoid rule, divided by the length of the interval.
 *
 * @param times days, strictly ascending
 * @param scores one for each time
 */
export function integratedBrier(times: ArrayLike<number>, scores: readonly Measure[]): Measure {
  if (times.length < 2) return notDefined('fewer than two times with a Brier score');
  let area = 0;
  for (const [k, score] of scores.entries()) {
    if (score.value === null) return score;
    const before = scores[k - 1];
    if (before?.value != null)
      area += (((times[k] as number) - (times[k - 1] as number)) * (score.value + before.value)) / 2;
  }
  return measured(area / ((times[times.length - 1] as number) - (times[0] as number)));
}

/** Brier scores of predicted survival at several times, and their integral. */
export interface BrierCurve {
  /** The times of `scores` in days, ascending. */
  readonly times: Float64Array;
  readonly scores: readonly Measure[];
  readonly integrated: Measure;
}

/**
 * Brier scores at the integration times.
 *
 * @param curve survival of a patient, by position, at given days. For the reference scores, it is the Kaplan-Meier
 * curve of the fold's training patients
 */
export function brierCurve(
  test: FollowUp,
  curve: (patient: number, days: Float64Array) => ArrayLike<number>,
  times: Float64Array,
  censoring: Censoring,
): BrierCurve {
  const rows = Array.from(test.time, (_, i) => curve(i, times));
  const scores = Array.from(times, (days, k) =>
    brierAt(
      test,
      rows.map((row) => row[k] as number),
      days,
      censoring,
    ),
  );
  return { times, scores, integrated: integratedBrier(times, scores) };
}
