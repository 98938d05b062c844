import { daysPer } from '../../pipeline/config/data-schema.js';
import type { Rng } from '../../pipeline/core/rng.js';
import { notEstimated, withoutInterval, type Estimate } from '../stats/estimate.js';
import { bootstrapEstimates } from '../survival/bootstrap-estimates.js';
import { brierAt } from '../survival/brier.js';
import { censoringOf } from '../survival/censoring.js';
import { harrellC, unoC } from '../survival/concordance.js';
import { dynamicAuc } from '../survival/dynamic-auc.js';
import { followUpAt, type FollowUp } from '../survival/follow-up.js';
import { horizonCalibration, type HorizonCalibration } from '../survival/horizon-calibration.js';
import { kaplanMeier, survivalKnownAt } from '../survival/kaplan-meier.js';
import { measured, notDefined, type Measure } from '../survival/measure.js';
import type { Internal } from './internal-figures.js';
import { metricOf, type Metric } from './metric.js';

/** Number of bootstrap resamples of an interval. */
export const resamples = 1000;

/**
 * Calibration at each horizon: compares the predicted chances of the event by the horizon with the observed fractions
 * of events, in ten groups of patients.
 */
export const horizonCalibrations = (
  followUp: FollowUp,
  chances: readonly (readonly number[])[],
  horizons: readonly number[],
): readonly HorizonCalibration[] =>
  horizons.map((years, h) =>
    horizonCalibration(
      followUp,
      chances.map((of) => of[h] as number),
      years * daysPer.years,
      10,
    ),
  );

/**
 * The observed fraction of events (Kaplan-Meier), divided by the expected fraction. The bounds of the interval are
 * those of the observed fraction, divided by the expected fraction.
 */
export function observedToExpectedBy({ all, observedToExpected }: HorizonCalibration): Estimate {
  const { value, reason } = observedToExpected;
  if (value === null) return notEstimated(reason);
  if (value === 0) return withoutInterval(0, 'nobody has the event by then');
  const expected = all?.predicted ?? 0;
  return all?.ci95 == null
    ? withoutInterval(value)
    : { value, ci95: [all.ci95[0] / expected, all.ci95[1] / expected], reason: null };
}

/**
 * All measures of time-to-event, with bootstrap intervals. A bundle does not contain the training's follow-up, so the censoring
 * distribution is estimated on these patients, again in each resample.
 *
 * @param chances of the event by each horizon, [patients, horizons]
 * @param tau upper limit in years for Uno's C
 */
export function timeMetrics(
  followUp: FollowUp,
  risks: readonly number[],
  chances: readonly (readonly number[])[],
  { horizons, tau }: { readonly horizons: readonly number[]; readonly tau: number },
  random: Rng,
  internal: Internal,
): readonly Metric[] {
  const estimates = bootstrapEstimates<string>(
    followUp,
    (patients) =>
      measuresOf(
        followUpAt(followUp, patients),
        patients.map((i) => risks[i] as number),
        patients.map((i) => chances[i] as readonly number[]),
      ),
    resamples,
    random,
  );
  const calibrations = horizonCalibrations(followUp, chances, horizons);
  const metric = (id: string, title: string, isInternal = true): Metric =>
    metricOf(id, title, isInternal ? internal.of(id) : null, estimates[id] as Estimate);
  return [
    metric('c', "Harrell's C"),
    metric('uno_c', `Uno's C up to ${tau} years`),
    ...horizons.flatMap((years, h) => {
      const at = `at ${years} ${years === 1 ? 'year' : 'years'}`;
      return [
        metric(`auc_${years}y`, `AUC ${at}`),
        metric(`brier_${years}y`, `Brier score ${at}`),
        metric(`brier_scaled_${years}y`, `Scaled Brier score ${at}`, false),
        metricOf(
          `observed_to_expected_${years}y`,
          `Observed / expected events ${at}`,
          null,
          observedToExpectedBy(calibrations[h] as HorizonCalibration),
        ),
      ];
    }),
  ];

  function measuresOf(
    own: FollowUp,
    ownRisks: readonly number[],
    ownChances: readonly (readonly number[])[],
  ): Readonly<Record<string, Measure>> {
    const censoring = censoringOf(own);
    const km = kaplanMeier(own);
    const at = horizons.map((years, h) => {
      const days = years * daysPer.years;
      const chance = ownChances.map((of) => of[h] as number);
      const brierOf = (survival: readonly number[]) => brierAt(own, survival, days, censoring);
      const brier = brierOf(chance.map((of) => 1 - of));
      const share = survivalKnownAt(km, days);
      const reference = share.value === null ? share : brierOf(chance.map(() => share.value));
      return {
        [`auc_${years}y`]: dynamicAuc(own, chance, censoring, days),
        [`brier_${years}y`]: brier,
        [`brier_scaled_${years}y`]: scaledBy(brier, reference),
      };
    });
    return Object.assign(
      { c: harrellC(own, ownRisks), uno_c: unoC(own, ownRisks, censoring, tau * daysPer.years) },
      ...at,
    ) as Readonly<Record<string, Measure>>;
  }
}

/** Scaled Brier score: one minus the ratio of the model's Brier score to that of the Kaplan-Meier curve. */
function scaledBy(brier: Measure, reference: Measure): Measure {
  if (brier.value === null) return brier;
  if (reference.value === null) return reference;
  return reference.value === 0
    ? notDefined('the Brier score of the Kaplan-Meier curve of all patients is 0')
    : measured(1 - brier.value / reference.value);
}
