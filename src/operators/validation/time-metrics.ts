import { daysPer } from '../../pipeline/config/data-schema.js';
import type { Rng } from '../../pipeline/core/rng.js';
import { notEstimated, withoutInterval, type Estimate } from '../stats/estimate.js';
import { brierAt } from '../survival/brier.js';
import { censoringOf } from '../survival/censoring.js';
import { concordanceIntervals } from '../survival/concordance-interval.js';
import { dynamicAuc } from '../survival/dynamic-auc.js';
import type { FollowUp } from '../survival/follow-up.js';
import { horizonCalibration, type HorizonCalibration } from '../survival/horizon-calibration.js';
import { kaplanMeier, survivalKnownAt } from '../survival/kaplan-meier.js';
import type { Measure } from '../survival/measure.js';
import type { Internal } from './internal-figures.js';
import { metricOf, type Metric } from './metric.js';

/** Number of bootstrap resamples of an interval. */
export const resamples = 1000;

const plain = ({ value, reason }: Measure): Estimate =>
  value === null ? notEstimated(reason) : withoutInterval(value);

/** Calibration of the event by each horizon, in ten groups of patients. */
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

/** Observed (Kaplan-Meier) divided by expected fraction of events. The interval is that of the observed fraction. */
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
 * All measures of time-to-event. A bundle does not contain the training's follow-up, so the censoring distribution is estimated on
 * these patients.
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
  const censoring = censoringOf(followUp);
  const { harrell, uno } = concordanceIntervals(followUp, risks, tau * daysPer.years, resamples, random);
  const km = kaplanMeier(followUp);
  const calibrations = horizonCalibrations(followUp, chances, horizons);
  return [
    metricOf('c', "Harrell's C", internal.of('c'), harrell),
    metricOf('uno_c', `Uno's C up to ${tau} years`, internal.of('uno_c'), uno),
    ...horizons.flatMap((years, h) => {
      const days = years * daysPer.years;
      const own = chances.map((of) => of[h] as number);
      const brier = brierAt(
        followUp,
        own.map((chance) => 1 - chance),
        days,
        censoring,
      );
      const share = survivalKnownAt(km, days);
      const reference =
        share.value === null
          ? share
          : brierAt(
              followUp,
              own.map(() => share.value),
              days,
              censoring,
            );
      const at = `at ${years} ${years === 1 ? 'year' : 'years'}`;
      return [
        metricOf(
          `auc_${years}y`,
          `AUC ${at}`,
          internal.of(`auc_${years}y`),
          plain(dynamicAuc(followUp, own, censoring, days)),
        ),
        metricOf(`brier_${years}y`, `Brier score ${at}`, internal.of(`brier_${years}y`), plain(brier)),
        metricOf(`brier_scaled_${years}y`, `Scaled Brier score ${at}`, null, scaledBy(brier, reference)),
        metricOf(
          `observed_to_expected_${years}y`,
          `Observed / expected events ${at}`,
          null,
          observedToExpectedBy(calibrations[h] as HorizonCalibration),
        ),
      ];
    }),
  ];
}

/** One minus the ratio of the model's Brier score to that of the Kaplan-Meier curve. */
function scaledBy(brier: Measure, reference: Measure): Estimate {
  if (brier.value === null) return notEstimated(brier.reason);
  if (reference.value === null) return notEstimated(reference.reason);
  return reference.value === 0
    ? notEstimated('the curve of all patients makes no error')
    : withoutInterval(1 - brier.value / reference.value);
}
