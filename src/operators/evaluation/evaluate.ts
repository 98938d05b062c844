import type { Config } from '../../pipeline/config/schema.js';
import { HafError } from '../../pipeline/core/errors.js';
import { survivalPredictionsFile, survivalPredictionsSchema } from '../survival/survival-prediction-data.js';
import { survivalEvaluationOf } from './survival-evaluate.js';
import { predictionsFile, predictionsSchema, type Prediction } from '../stage3/prediction-data.js';
import { calibratedFile, calibrationFile, type FoldCalibration } from '../calibration/calibration-data.js';
import { fitCalibration } from '../calibration/fit-calibration.js';
import type { OutcomeWords } from '../cohort/cohort-data.js';
import { wordsOf } from '../cohort/outcome-words.js';
import { stageOf } from '../stage-of.js';
import { calibratedCsv } from './calibrated-csv.js';
import { calibratedMetricsOf } from './calibrated-metrics.js';
import { metricsFile, type Evaluation, type Metrics } from './metric-data.js';
import { metricsOf } from './metrics.js';

/**
 * Scores one method in one fold: metrics of its validation and test patients (method.md 9.1), and of the test patients
 * with at least one modality of the method. Fits the calibration of a binary outcome on the validation patients, and
 * applies it to the test patients (method.md 9.6).
 */
export const evaluate = stageOf(({ unit, inputs, config }) => {
  const { fold, method } = unit;
  if (fold === undefined || method === undefined)
    throw new HafError(
      'HAF_INTERNAL',
      'evaluate was given a job without fold or method.',
      'Please report it with the log of the run.',
    );
  if (config.data.outcome.kind === 'timeToEvent') {
    const predictions = inputs.one('stage3').json(survivalPredictionsFile, survivalPredictionsSchema);
    const evaluation = survivalEvaluationOf(fold, method, predictions, config.survival);
    const { c, unoC, ibs } = evaluation.test;
    return {
      type: 'output',
      files: { [metricsFile]: evaluation },
      metrics: { testC: c, testUnoC: unoC, testIbs: ibs },
    };
  }
  const predictions = inputs.one('stage3').json(predictionsFile, predictionsSchema);
  const calibration = calibrationOf(fold, method, predictions, config);
  const evaluation = evaluationOf(calibration, predictions, namesOf(config));
  return {
    type: 'output',
    files: {
      [metricsFile]: evaluation,
      [calibrationFile]: calibration,
      [calibratedFile]: new TextEncoder().encode(calibratedCsv(calibration, predictions)),
    },
    metrics: { testAuc: evaluation.test.auc, testAccuracy: evaluation.test.accuracy },
  };
});

/** The calibration, fitted on the validation patients with at least one modality of the method. */
function calibrationOf(
  fold: number,
  method: string,
  predictions: readonly Prediction[],
  config: Config,
): FoldCalibration {
  const fitted = predictions.filter(({ split, observed }) => split === 'val' && observed);
  return {
    ...{ fold, method, asked: config.calibration },
    ...fitCalibration(
      fitted.map(({ y }) => y),
      fitted.map(({ logit }) => logit),
      config,
      namesOf(config),
    ),
  };
}

function evaluationOf(
  calibration: FoldCalibration,
  predictions: readonly Prediction[],
  names: Names,
): Evaluation {
  const { fold, method } = calibration;
  const test = predictions.filter(({ split }) => split === 'test');
  const sets = {
    test: metricsOf(test),
    val: metricsOf(predictions.filter(({ split }) => split === 'val')),
    testObserved: metricsOf(test.filter(({ observed }) => observed)),
  };
  const unseen = sets.test.patients - sets.testObserved.patients;
  return {
    fold,
    method,
    ...sets,
    calibrated: calibratedMetricsOf(calibration, test),
    notes: [
      ...undefinedAuc('test', sets.test, names),
      ...undefinedAuc('validation', sets.val, names),
      // If all test patients have a modality of the method, `testObserved` equals `test`, and its note would be a
      // duplicate.
      ...(unseen === 0 ? [] : undefinedAuc('observed test', sets.testObserved, names)),
      ...(unseen === 0
        ? []
        : [`${unseen} of ${sets.test.patients} test patients scored with the training base rate`]),
      ...calibration.notes,
    ],
  };
}

type Names = Pick<OutcomeWords, 'positive' | 'negative'>;

const namesOf = ({ data: { outcome } }: Config): Names =>
  outcome.event === null ? { positive: 'positive', negative: 'negative' } : wordsOf(outcome.event);

const undefinedAuc = (set: string, { auc, patients, positive }: Metrics, names: Names): string[] =>
  auc === null
    ? [
        `AUC of the ${set} patients is undefined: one class only (${positive} ${names.positive}, ${patients - positive} ${names.negative})`,
      ]
    : [];
