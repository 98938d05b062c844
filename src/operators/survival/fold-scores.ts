import { brierAt, brierCurve, integrationTimes } from './brier.js';
import { censoringOf } from './censoring.js';
import { concordanceOf, harrellPairs, unoC } from './concordance.js';
import { dCalibration, type DCalibration } from './d-calibration.js';
import { dynamicAuc } from './dynamic-auc.js';
import { eventCount, type FollowUp } from './follow-up.js';
import { kaplanMeier, survivalSteps } from './kaplan-meier.js';
import { notDefined, type Measure } from './measure.js';
import type { PairCounts } from './pair-counter.js';
import { valueAt } from './step-function.js';

/** Predicted survival S(t|x) at given days of one patient, given by the position among the test patients. */
export type SurvivalCurve = (patient: number, days: ArrayLike<number>) => ArrayLike<number>;

/** The data to score a fold with. */
export interface FoldToScore {
  /** Follow-up of the training patients, for the censoring weights 1/G and the reference curve. */
  readonly training: FollowUp;
  readonly test: FollowUp;
  /** Risks of the test patients. Higher means an earlier event. */
  readonly risks: ArrayLike<number>;
  /** Curves of the test patients. Null for a method that predicts only risks. */
  readonly curve: SurvivalCurve | null;
}

/** Scores at one horizon. */
export interface HorizonScores {
  /** In days. */
  readonly horizon: number;
  /** Uno's C of events before the horizon. */
  readonly uno: Measure;
  readonly auc: Measure;
  readonly brier: Measure;
  /** Brier score of the training patients' Kaplan-Meier curve. */
  readonly brierReference: Measure;
}

/** All scores of the test patients of one fold (method.md 11.5). */
export interface SurvivalFoldScores {
  readonly patients: number;
  readonly events: number;
  /**
   * Pair counts of Harrell's C. Their sum over the folds gives the pooled C, which never compares patients of different
   * folds.
   */
  readonly pairs: PairCounts;
  readonly harrell: Measure;
  readonly uno: Measure;
  readonly horizons: readonly HorizonScores[];
  readonly integratedBrier: Measure;
  readonly integratedBrierReference: Measure;
  /** Calibration of the survival curves. Null for a method without curves. */
  readonly dCalibration: DCalibration | null;
}

const withoutCurves = notDefined('the method gives risks, no survival curves');

/**
 * Scores the test patients of one fold.
 *
 * @param tau upper limit in days for Uno's C and the integrated Brier score; null: no limit for Uno's C, five years for the Brier
 * score
 * @param horizons days, ascending
 * @throws RangeError if a risk or a survival is not finite, or if the number of risks is not the number of test
 * patients
 */
export function foldScores(
  { training, test, risks, curve }: FoldToScore,
  tau: number | null,
  horizons: readonly number[],
): SurvivalFoldScores {
  const censoring = censoringOf(training);
  const pairs = harrellPairs(test, risks);
  const steps = survivalSteps(kaplanMeier(training));
  const reference: SurvivalCurve = (_, days) => Float64Array.from(days, (when) => valueAt(steps, when));
  const patients = Array.from(test.time, (_, i) => i);
  const atOwnTime = (i: number): number => curve?.(i, [test.time[i] as number])[0] ?? Number.NaN;
  const brierOf = (of: SurvivalCurve, horizon: number): Measure =>
    brierAt(
      test,
      patients.map((i) => of(i, [horizon])[0] ?? Number.NaN),
      horizon,
      censoring,
    );
  const times = integrationTimes(test, censoring, tau ?? undefined);
  return {
    patients: patients.length,
    events: eventCount(test),
    pairs,
    harrell: concordanceOf(pairs),
    uno: unoC(test, risks, censoring, tau),
    horizons: horizons.map((horizon) => ({
      horizon,
      uno: unoC(test, risks, censoring, horizon),
      auc: dynamicAuc(test, risks, censoring, horizon),
      brier: curve === null ? withoutCurves : brierOf(curve, horizon),
      brierReference: brierOf(reference, horizon),
    })),
    integratedBrier: curve === null ? withoutCurves : brierCurve(test, curve, times, censoring).integrated,
    integratedBrierReference: brierCurve(test, reference, times, censoring).integrated,
    dCalibration: curve === null ? null : dCalibration(test, patients.map(atOwnTime)),
  };
}
