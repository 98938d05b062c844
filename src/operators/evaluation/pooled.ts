import type { Config } from '../../pipeline/config/schema.js';
import { HafError } from '../../pipeline/core/errors.js';
import type { Prediction } from '../stage3/prediction-data.js';
import { auc } from '../stats/auc.js';
import { aucInterval95 } from '../stats/auc-interval.js';
import type { Label } from '../stats/labels.js';
import { mean } from '../stats/spread.js';
import type { SummaryRow } from './summary-data.js';

/** The test patients of all folds of one method, one score each, in ascending order of id. */
export interface PooledScores {
  readonly patients: readonly string[];
  readonly labels: readonly Label[];
  readonly scores: readonly number[];
}

/**
 * Puts the test predictions of all folds together. In k-fold mode every patient brings one logit. With a fixed test
 * set every fold scores the same patients; a patient's score is then the mean of its folds' probabilities, so that
 * the interval counts patients and not predictions.
 *
 * @throws HafError HAF_SPLIT_INVALID when a patient is tested in two folds of a k-fold run
 */
export function poolTestScores(
  method: string,
  folds: readonly (readonly Prediction[])[],
  mode: Config['cv']['mode'],
): PooledScores {
  const byPatient = new Map<string, Prediction[]>();
  for (const prediction of folds.flat().filter(({ split }) => split === 'test')) {
    const earlier = byPatient.get(prediction.patient);
    if (earlier === undefined) byPatient.set(prediction.patient, [prediction]);
    else if (mode === 'kfold') throw testedTwice(method, prediction.patient);
    else earlier.push(prediction);
  }
  const pooled = [...byPatient]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([patient, predictions]) => ({
      patient,
      label: (predictions[0] as Prediction).y,
      score: mode === 'kfold' ? (predictions[0] as Prediction).logit : mean(predictions.map(({ p }) => p)),
    }));
  return {
    patients: pooled.map(({ patient }) => patient),
    labels: pooled.map(({ label }) => label),
    scores: pooled.map(({ score }) => score),
  };
}

const testedTwice = (method: string, patient: string): HafError =>
  new HafError(
    'HAF_SPLIT_INVALID',
    `Patient ${patient} is a test patient in more than one fold of method "${method}".`,
    'In cv.mode kfold every patient is tested once: correct the split file.',
    { context: { method, patient } },
  );

/** AUC over the pooled scores with DeLong's 95 % interval (method.md 9.5). */
export function pooledAucOf({ labels, scores }: PooledScores): SummaryRow['pooledAuc'] {
  const interval = aucInterval95(labels, scores);
  return { value: auc(labels, scores), ci95: interval === null ? null : [interval[0], interval[1]] };
}
