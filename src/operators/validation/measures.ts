import { daysPer } from '../../pipeline/config/data-schema.js';
import type { Rng } from '../../pipeline/core/rng.js';
import { calibrationGroups } from '../stats/calibration-groups.js';
import { decisionCurve } from '../stats/decision-curve.js';
import { harrellInterval } from '../survival/concordance-interval.js';
import { followUpOfPatients } from '../survival/follow-up.js';
import { survivalDecisionCurve } from '../survival/survival-decision-curve.js';
import { aucEstimate, binaryMetrics } from './binary-metrics.js';
import type { Internal } from './internal-figures.js';
import { metricOf, type Metric } from './metric.js';
import { horizonCalibrations, resamples, timeMetrics } from './time-metrics.js';
import type { ValidatedPatient } from './validated-patients.js';
import type { Validation } from './validation-data.js';

export interface MeasureSettings {
  readonly internal: Internal;
  /** Median of the decision thresholds that the folds chose. Null if they chose none. */
  readonly threshold: number | null;
  /** Upper limit of the event times that Uno's C counts, in years. */
  readonly tau: number;
  /** All modalities of the model. */
  readonly modalities: readonly string[];
  readonly random: (purpose: string) => Rng;
}

type Measures = Pick<Validation, 'calibration' | 'decision'> & {
  readonly metrics: readonly Metric[];
  readonly notes: readonly string[];
};

/** Discrimination, calibration and net benefit of the predictions. */
export const measuresOf = (
  patients: readonly ValidatedPatient[],
  outcome: Validation['outcome'],
  settings: MeasureSettings,
): Measures => (outcome.kind === 'binary' ? ofClasses : ofTimes)(patients, outcome, settings);

/**
 * The patients with all modalities. Their results are compared with the bundle's results for the set of all modalities.
 */
const complete = (
  patients: readonly ValidatedPatient[],
  { modalities }: MeasureSettings,
): readonly ValidatedPatient[] => patients.filter((one) => one.modalities.length === modalities.length);

function ofClasses(
  patients: readonly ValidatedPatient[],
  outcome: Validation['outcome'],
  settings: MeasureSettings,
): Measures {
  const labelsOf = (some: readonly ValidatedPatient[]) => some.map(({ y }) => y);
  const chancesOf = (some: readonly ValidatedPatient[]) => some.map(({ risk }) => risk);
  const [labels, chances] = [labelsOf(patients), chancesOf(patients)];
  const { metrics, notes } = binaryMetrics(labels, chances, settings.threshold, outcome, settings.internal);
  const full = complete(patients, settings);
  const [first, ...others] = metrics;
  return {
    metrics: [
      first as Metric,
      metricOf(
        'auc_all_modalities',
        'AUC of patients with all modalities',
        settings.internal.of('auc_all_modalities'),
        full.length === 0 ? nobody : aucEstimate(labelsOf(full), chancesOf(full), outcome),
      ),
      ...others,
    ],
    notes,
    calibration: calibrationGroups(labels, chances).map(({ patients: count, predicted, observed, ci95 }) => ({
      ...{ horizon: null, patients: count, predicted, observed, low: ci95[0], high: ci95[1] },
    })),
    decision: [...decisionCurve(labels, chances)],
  };
}

const nobody = { value: null, ci95: null, reason: 'no patient has all modalities' } as const;

function ofTimes(
  patients: readonly ValidatedPatient[],
  { horizons }: Validation['outcome'],
  settings: MeasureSettings,
): Measures {
  // `followUp` is never null here, because `validatedPatients` leaves out patients without a follow-up time above 0. So
  // `followUp`, `risks` and `chances` below are about the same patients.
  const followUpIn = (some: readonly ValidatedPatient[]) =>
    followUpOfPatients(some.flatMap(({ followUp }) => followUp ?? []));
  const followUp = followUpIn(patients);
  const risks = patients.map(({ risk }) => risk);
  const chances = patients.map((one) => one.chances);
  const { internal, tau, random } = settings;
  const [first, ...others] = timeMetrics(
    ...([followUp, risks, chances, { horizons, tau }] as const),
    ...([random('bootstrap'), internal] as const),
  );
  const full = complete(patients, settings);
  const last = (horizons.at(-1) ?? 0) * daysPer.years;
  return {
    metrics: [
      first as Metric,
      metricOf(
        'c_all_modalities',
        "Harrell's C of patients with all modalities",
        internal.of('c_all_modalities'),
        full.length === 0
          ? nobody
          : harrellInterval(
              followUpIn(full),
              full.map(({ risk }) => risk),
              resamples,
              random('bootstrap-complete'),
            ),
      ),
      ...others,
    ],
    notes: [
      'The weights for censoring of Uno’s C, AUC and Brier score are those of these patients; the internal figures use those of the training patients of each fold.',
      `Risk is the predicted chance of the event by the last horizon, ${horizons.at(-1) ?? '-'} years.`,
    ],
    calibration: horizonCalibrations(followUp, chances, horizons).flatMap(({ groups }, h) =>
      groups.map(({ patients: count, predicted, observed, ci95 }) => ({
        ...{ horizon: horizons[h] as number, patients: count, predicted, observed: observed.value },
        ...{ low: ci95?.[0] ?? null, high: ci95?.[1] ?? null },
      })),
    ),
    decision: [...survivalDecisionCurve(followUp, risks, last)],
  };
}
