import { daysPer } from '../../pipeline/config/data-schema.js';
import { followUpOfPatients } from '../evaluation/survival-metrics.js';
import { repeatOf } from '../evaluation/pooled.js';
import { curveTimes, summarizeCurve } from '../survival/curve-summary.js';
import { followUpOf } from '../survival/follow-up.js';
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

/** Charts of time. */
export interface SurvivalFigures {
  /** The cohort's own curve; wherever times are known. */
  readonly cohort: Figure | null;
  /** Risk groups, one chart for each method. */
  readonly groups: readonly { readonly method: string; readonly figure: Figure }[];
  readonly calibration: readonly { readonly method: string; readonly figure: Figure }[];
  /** Uno's C of all methods over the horizons. */
  readonly horizons: Figure | null;
}

/** The charts of a time-to-event run, and the curve of any cohort whose times are known. */
export async function survivalFigures(input: ReportInput): Promise<SurvivalFigures> {
  const { outcome, summary, config } = input;
  const groups: { method: string; figure: Figure }[] = [];
  const calibration: { method: string; figure: Figure }[] = [];
  for (const { method, title } of summary.rows) {
    const folds = input.survival.filter((one) => one.method === method);
    if (folds.length === 0) continue;
    // A curve that is the same for everybody has no risk groups.
    const one = methodOf(method);
    if (one.kind === 'classic' && one.fit === 'kaplanMeier') continue;
    const figure = await groupsFigure(method, title, folds, input);
    if (figure !== null) groups.push({ method, figure });
    const calibrated = await calibrationFigure(method, title, folds, input);
    if (calibrated !== null) calibration.push({ method, figure: calibrated });
  }
  const points = summary.rows.flatMap(({ title, survival }) =>
    (survival?.unoAt ?? []).map(({ years, mean, std, folds }) => ({
      ...{ method: title, horizon: years * daysPer.years, mean, std, folds },
    })),
  );
  const reference = summary.rows.find(({ method }) => method === config.stats.reference)?.title ?? '';
  const followUp = followUpOf(
    input.followUp.map(({ time }) => time),
    input.followUp.map(({ event }) => event),
  );
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

type Folds = ReportInput['survival'];

/** Test patients of the first repeat, each with the risk of its own fold. */
const firstRepeat = (folds: Folds, { config }: ReportInput): Folds =>
  folds
    .filter(({ fold }) => repeatOf(fold, config.cv) === 0)
    .slice(0, config.cv.mode === 'fixedTest' ? 1 : undefined);

function groupsFigure(method: string, title: string, all: Folds, input: ReportInput): Promise<Figure | null> {
  const folds = firstRepeat(all, input);
  const split = input.config.survival.cut === 'train' ? 'train' : 'val';
  const risksOf = (patients: readonly SurvivalPrediction[], of: SurvivalPrediction['split']): number[] =>
    patients.filter((one) => one.split === of).map(({ risk }) => risk);
  const cuts = new Map(
    folds.map(({ fold, predictions }) => [fold, riskCuts(risksOf(predictions.patients, split))] as const),
  );
  const tested = folds.flatMap(({ fold, predictions }) =>
    predictions.patients
      .filter((one) => one.split === 'test')
      .map(({ patient, risk, time, event }): TestedPatient => ({ fold, patient, risk, time, event })),
  );
  const found = riskGroups(tested, cuts);
  return kaplanMeierFigure({ name: method, title, event: input.outcome.positive, ...found });
}

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
