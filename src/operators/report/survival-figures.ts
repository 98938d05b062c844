import { daysPer } from '../../pipeline/config/data-schema.js';
import { repeatOf } from '../evaluation/pooled.js';
import { curveTimes, summarizeCurve } from '../survival/curve-summary.js';
import { followUpOfPatients } from '../survival/follow-up.js';
import { horizonCalibration } from '../survival/horizon-calibration.js';
import { riskCuts, riskGroups, type TestedPatient } from '../survival/risk-groups.js';
import { survivalOf } from '../survival/survival-model.js';
import type { SurvivalPrediction } from '../survival/survival-prediction-data.js';
import { methodOf } from '../methods/registry.js';
import { concordanceHorizonsFigure } from './concordance-horizons-figure.js';
import type { Figure } from './figure.js';
import { horizonCalibrationFigure } from './horizon-calibration-figure.js';
import { kaplanMeierFigure } from './kaplan-meier-figure.js';
import type { ReportInput } from './report-input.js';

/** The charts about the time to the event. */
export interface SurvivalFigures {
  /** The Kaplan-Meier curve of the cohort. Null if no follow-up time is known. */
  readonly cohort: Figure | null;
  /** Kaplan-Meier curves of the risk groups, one chart per method. */
  readonly groups: readonly { readonly method: string; readonly figure: Figure }[];
  readonly calibration: readonly { readonly method: string; readonly figure: Figure }[];
  /** Uno's concordance index C of each method at each horizon. Null if C is defined at fewer than two horizons. */
  readonly horizons: Figure | null;
}

/**
 * The charts about the time to the event. A run with a binary outcome has only the Kaplan-Meier curves, if times are
 * known.
 */
export async function survivalFigures(input: ReportInput): Promise<SurvivalFigures> {
  const { outcome, summary, config } = input;
  const groups: { method: string; figure: Figure }[] = [];
  const calibration: { method: string; figure: Figure }[] = [];
  for (const { method, title } of summary.rows) {
    // A method that gives one curve to all patients has no risk groups.
    const one = methodOf(method);
    if (one.kind === 'classic' && one.fit === 'kaplanMeier') continue;
    const figure = await groupsFigure(method, title, input);
    if (figure !== null) groups.push({ method, figure });
    const folds = input.survival.filter((fold) => fold.method === method);
    if (folds.length === 0) continue;
    const calibrated = await calibrationFigure(method, title, folds, input);
    if (calibrated !== null) calibration.push({ method, figure: calibrated });
  }
  const points = summary.rows.flatMap(({ title, survival }) =>
    (survival?.unoAt ?? []).map(({ years, mean, std, folds }) => ({
      ...{ method: title, horizon: years * daysPer.years, mean, std, folds },
    })),
  );
  const reference = summary.rows.find(({ method }) => method === config.stats.reference)?.title ?? '';
  const followUp = followUpOfPatients(input.followUp);
  const times = curveTimes(followUp);
  return {
    cohort:
      input.followUp.length === 0
        ? null
        : await kaplanMeierFigure({
            ...{ name: 'cohort', title: 'all patients of the cohort', event: outcome.positive, times },
            groups: [summarizeCurve('cohort', followUp, times)],
            logRank: null,
          }),
    groups,
    calibration,
    horizons: await concordanceHorizonsFigure(points, reference, "Uno's C of events before the horizon"),
  };
}

/**
 * The folds of the first repeat. With a fixed test set, only the first fold, because all folds test the same patients.
 */
const firstRepeat = <T extends { readonly fold: number }>(
  folds: readonly T[],
  { config }: ReportInput,
): readonly T[] =>
  folds
    .filter(({ fold }) => repeatOf(fold, config.cv) === 0)
    .slice(0, config.cv.mode === 'fixedTest' ? 1 : undefined);

/**
 * A patient of a fold, with the risk that the model of the fold predicts. For a binary outcome the risk is the score.
 */
interface Ranked extends Omit<TestedPatient, 'fold'> {
  readonly split: SurvivalPrediction['split'];
}

/** The patients of each fold whose time is known, each with the risk that the method predicts. */
function rankedFolds(
  method: string,
  input: ReportInput,
): readonly { readonly fold: number; readonly patients: readonly Ranked[] }[] {
  const inTime = input.survival.filter((one) => one.method === method);
  if (inTime.length > 0)
    return firstRepeat(inTime, input).map(({ fold, predictions }) => ({
      fold,
      patients: predictions.patients,
    }));
  const known = new Map(input.followUp.map((one) => [one.patient, one]));
  const scored = input.predictions.filter((one) => one.method === method);
  return firstRepeat(scored, input).map(({ fold, predictions }) => ({
    fold,
    patients: predictions.flatMap(({ patient, split, logit }): Ranked[] => {
      const found = known.get(patient);
      return found === undefined ? [] : [{ ...found, split, risk: logit }];
    }),
  }));
}

/**
 * Kaplan-Meier curves of the test patients below and above the cut of their fold: the median risk of its training
 * patients, or of its validation patients (`survival.cut`). A binary outcome always uses validation patients, because
 * its training patients are not scored.
 */
async function groupsFigure(method: string, title: string, input: ReportInput): Promise<Figure | null> {
  const folds = rankedFolds(method, input);
  const byTraining = input.survival.length > 0 && input.config.survival.cut === 'train';
  const cuts = new Map(
    folds.flatMap(({ fold, patients }) => {
      const risks = patients
        .filter(({ split }) => split === (byTraining ? 'train' : 'val'))
        .map(({ risk }) => risk);
      return risks.length === 0 ? [] : [[fold, riskCuts(risks)] as const];
    }),
  );
  const tested = folds.flatMap(({ fold, patients }) =>
    cuts.has(fold)
      ? patients
          .filter(({ split }) => split === 'test')
          .map(({ patient, risk, time, event }): TestedPatient => ({ fold, patient, risk, time, event }))
      : [],
  );
  if (tested.length === 0) return null;
  const found = riskGroups(tested, cuts);
  return kaplanMeierFigure({ name: method, title, event: input.outcome.positive, ...found });
}

type Folds = ReportInput['survival'];

function calibrationFigure(
  method: string,
  title: string,
  all: Folds,
  input: ReportInput,
): Promise<Figure | null> {
  const tested = firstRepeat(all, input).flatMap(({ predictions: { model, patients } }) =>
    patients.filter(({ split }) => split === 'test').map((patient) => ({ model, patient })),
  );
  const followUp = followUpOfPatients(tested.map(({ patient }) => patient));
  return horizonCalibrationFigure(
    method,
    title,
    input.outcome.positive,
    input.config.survival.horizons.map((years) => {
      const days = years * daysPer.years;
      const predicted = tested.map(
        ({ model, patient }) => 1 - (survivalOf(model, patient.outputs, [days])[0] as number),
      );
      return horizonCalibration(followUp, predicted, days);
    }),
  );
}
