import type { Config } from '../../pipeline/config/schema.js';
import { HafError } from '../../pipeline/core/errors.js';
import type { Prediction } from '../stage3/prediction-data.js';
import { auc } from '../stats/auc.js';
import { aucInterval95 } from '../stats/auc-interval.js';
import type { Label } from '../stats/labels.js';
import { mean } from '../stats/spread.js';
import { tiedScores } from '../stats/tied-scores.js';
import type { SummaryRow } from './summary-data.js';
import { tooFew, type ClassWords } from './undefined-reasons.js';

/** The predictions of one fold of a method. */
export interface FoldPredictions {
  readonly fold: number;
  readonly predictions: readonly Prediction[];
}

/** The test patients of all folds of one method, each once, in ascending order of id. */
export interface PooledScores {
  readonly patients: readonly string[];
  readonly labels: readonly Label[];
  /**
   * The values that rank the patients: the logit of a patient tested once, the mean probability of a patient tested several times.
   * Scores that differ only by rounding are made equal.
   */
  readonly scores: readonly number[];
  /** Probability of the positive outcome; for a patient tested several times, the mean. */
  readonly probabilities: readonly number[];
}

/** The part of the experiment that says how often a patient is tested. */
export type Testing = Pick<Config['cv'], 'mode' | 'folds' | 'repeats'>;

/** The repeat of the cross-validation that a fold belongs to. Folds are numbered consecutively over all repeats. */
export const repeatOf = (fold: number, { folds }: Pick<Testing, 'folds'>): number => Math.floor(fold / folds);

/** Whether a patient may be tested more than once: by every fold of a fixed test set, or once in each repeat. */
export const testsAgain = ({ mode, repeats }: Testing): boolean => mode === 'fixedTest' || repeats > 1;

/**
 * Pools the test predictions of all folds, with one score per patient. A patient who is tested several times - by all folds of a
 * fixed test set, or once in each repeat - gets the mean of the probabilities. So intervals and tests count patients and not
 * predictions.
 *
 * @throws HafError HAF_SPLIT_INVALID if a patient is tested in two folds of one k-fold cross-validation
 */
export function poolTestScores(
  method: string,
  folds: readonly FoldPredictions[],
  testing: Testing,
): PooledScores {
  const byPatient = new Map<string, { readonly repeat: number; readonly prediction: Prediction }[]>();
  for (const { fold, predictions } of folds) {
    const repeat = repeatOf(fold, testing);
    for (const prediction of predictions) {
      if (prediction.split !== 'test') continue;
      const earlier = byPatient.get(prediction.patient) ?? [];
      if (testing.mode !== 'fixedTest' && earlier.some((other) => other.repeat === repeat))
        throw testedTwice(method, prediction.patient);
      byPatient.set(prediction.patient, [...earlier, { repeat, prediction }]);
    }
  }
  const pooled = [...byPatient]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([patient, tests]) => ({
      patient,
      label: (tests[0] as (typeof tests)[0]).prediction.y,
      logit: (tests[0] as (typeof tests)[0]).prediction.logit,
      probability: mean(tests.map(({ prediction }) => prediction.p)),
    }));
  return {
    patients: pooled.map(({ patient }) => patient),
    labels: pooled.map(({ label }) => label),
    scores: testsAgain(testing)
      ? tiedScores(
          pooled.map(({ probability }) => probability),
          'probability',
        )
      : tiedScores(pooled.map(({ logit }) => logit)),
    probabilities: pooled.map(({ probability }) => probability),
  };
}

const testedTwice = (method: string, patient: string): HafError =>
  new HafError(
    'HAF_SPLIT_INVALID',
    `Patient ${patient} is a test patient in more than one fold of method "${method}".`,
    'Every patient is tested once in each repeat: correct the split file.',
    { context: { method, patient } },
  );

/** AUC over the pooled scores with DeLong's 95 % interval (method.md 9.5). */
export function pooledAucOf({ labels, scores }: PooledScores, words: ClassWords): SummaryRow['pooledAuc'] {
  const interval = aucInterval95(labels, scores);
  if (interval !== null) return { value: auc(labels, scores), ci95: [interval[0], interval[1]] };
  return { value: auc(labels, scores), ci95: null, reason: tooFew(labels, words) };
}
