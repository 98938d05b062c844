import { checkRisks } from './check-risks.js';
import { eventCount, followUpAt, type FollowUp } from './follow-up.js';
import { kaplanMeier, survivalKnownAt } from './kaplan-meier.js';
import { measured, notDefined, type Measure } from './measure.js';
import { stepsUpTo } from './step-function.js';

/** Patients with similar predictions, and their outcomes. */
export interface HorizonCalibrationGroup {
  readonly patients: number;
  /** Number of patients with the event at any time. */
  readonly events: number;
  /** Mean predicted fraction with the event by the horizon. */
  readonly predicted: number;
  /** Observed fraction with the event by the horizon: 1 - the Kaplan-Meier estimate. */
  readonly observed: Measure;
  /** 95 % interval of `observed` by the log-log transform. Null if undefined. */
  readonly ci95: readonly [number, number] | null;
}

/** Predicted and observed fractions with the event by a horizon. */
export interface HorizonCalibration {
  /** In days. */
  readonly horizon: number;
  /** All patients in one group: calibration in the large. */
  readonly all: HorizonCalibrationGroup | null;
  /** Observed fraction divided by the predicted one, for all patients. Above 1: more events than predicted. */
  readonly observedToExpected: Measure;
  /** Sorted by ascending prediction. */
  readonly groups: readonly HorizonCalibrationGroup[];
}

/**
 * Calibration at a horizon: patients in groups of about equal size by their predicted fraction with the event, compared with 1 -
 * Kaplan-Meier of each group (method.md 11.5). Equal predictions stay in one group, so there may be fewer groups.
 *
 * @param predicted 1 - S(horizon|x) of each patient
 * @param horizon days
 * @throws RangeError if a prediction is not finite or the lengths differ
 */
export function horizonCalibration(
  followUp: FollowUp,
  predicted: ArrayLike<number>,
  horizon: number,
  groups = 5,
): HorizonCalibration {
  checkRisks(predicted, followUp.time.length);
  const order = Array.from(followUp.time, (_, i) => i).sort(
    (a, b) => (predicted[a] as number) - (predicted[b] as number) || a - b,
  );
  const members: number[][] = [];
  let from = 0;
  for (let g = 1; g <= groups; g++) {
    let to = Math.max(from, Math.round((g * order.length) / groups));
    while (to > 0 && to < order.length && equal(predicted, order[to - 1], order[to])) to++;
    if (to > from) members.push(order.slice(from, to));
    from = to;
  }
  const all = order.length === 0 ? null : groupOf(followUp, predicted, horizon, order);
  return {
    horizon,
    all,
    observedToExpected: ratio(all),
    groups: members.map((group) => groupOf(followUp, predicted, horizon, group)),
  };
}

const equal = (predicted: ArrayLike<number>, a: number | undefined, b: number | undefined): boolean =>
  a !== undefined && b !== undefined && predicted[a] === predicted[b];

function ratio(all: HorizonCalibrationGroup | null): Measure {
  if (all === null) return notDefined('no patients');
  if (all.observed.value === null) return all.observed;
  return all.predicted > 0
    ? measured(all.observed.value / all.predicted)
    : notDefined('no event is predicted');
}

function groupOf(
  followUp: FollowUp,
  predicted: ArrayLike<number>,
  horizon: number,
  members: readonly number[],
): HorizonCalibrationGroup {
  const own = followUpAt(followUp, members);
  const km = kaplanMeier(own);
  const survival = survivalKnownAt(km, horizon);
  const step = stepsUpTo(km.times, horizon) - 1;
  return {
    patients: members.length,
    events: eventCount(own),
    predicted: members.reduce((sum, i) => sum + (predicted[i] as number), 0) / members.length,
    observed: survival.value === null ? survival : measured(1 - survival.value),
    ci95: survival.value === null ? null : [1 - (km.upper[step] ?? 1), 1 - (km.lower[step] ?? 1)],
  };
}
