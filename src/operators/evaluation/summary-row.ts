import type { Config } from '../../pipeline/config/schema.js';
import { paperResultOf, showsPaper } from '../paper/paper-results.js';
import { reliabilityOf } from '../stats/reliability.js';
import { calibratedRowOf } from './calibrated-row.js';
import type { Evaluation, Metrics } from './metric-data.js';
import type { FoldRobustness, MethodResults } from './method-results.js';
import { pooledAucOf, repeatOf } from './pooled.js';
import { rowNotes } from './row-notes.js';
import { spreadOf } from './spread-of.js';
import type { ClassWords } from './undefined-reasons.js';
import type { Calibration } from './calibrated-row-data.js';
import type { RowRobustness, SummaryRow } from './summary-data.js';

/**
 * The row of one method: mean and population standard deviation of each measure over the folds, measures of all folds
 * together (pooled), and for HANCOCK the results that the paper of HAF reports.
 */
export function rowOf(
  results: MethodResults,
  cohortSize: number,
  config: RowSettings,
  words: ClassWords,
): SummaryRow {
  const { cv } = config;
  const { evaluations, pooled } = results;
  const { id, title } = results.method;
  const test = (metric: keyof Metrics) => spreadOf(evaluations.map((evaluation) => evaluation.test[metric]));
  const row = {
    method: id,
    title,
    folds: evaluations.length,
    accuracy: test('accuracy'),
    balancedAccuracy: test('balancedAccuracy'),
    sensitivity: test('sensitivity'),
    specificity: test('specificity'),
    auc: test('auc'),
    brier: test('brier'),
    ece: test('ece'),
    pooledAuc: pooledAucOf(pooled, words),
    observedAuc: spreadOf(evaluations.map(({ testObserved }) => testObserved.auc)),
    paper: showsPaper(config) ? paperOf(id) : null,
    calibration: calibrationOf(results),
    calibrated: calibratedRowOf(results, cv, words),
    robustness: robustnessCurves(results.robustness),
    repeats: repeatsOf(evaluations, cv),
  };
  return { ...row, notes: rowNotes(row, results, cohortSize, cv) };
}

type RowSettings = Pick<Config, 'cv' | 'data' | 'methods'>;

/** The results that the paper of HAF reports for a method, in the form of `summary.json`. */
function paperOf(method: string): SummaryRow['paper'] {
  const paper = paperResultOf(method);
  return (
    paper && {
      table: paper.table,
      accuracy: paper.accuracy && [...paper.accuracy],
      auc: paper.auc && [...paper.auc],
    }
  );
}

function calibrationOf({ pooled }: MethodResults): Calibration {
  const { ece, bins } = reliabilityOf(pooled.labels, pooled.probabilities);
  return { ece, bins: [...bins] };
}

/**
 * AUC and accuracy of each fold for each probability of dropping a modality. Also mean and standard deviation of both
 * over the folds if one modality is hidden, and if all but one are hidden (method.md 9.2). Null if there are no folds.
 */
export function robustnessCurves(folds: readonly FoldRobustness[]): RowRobustness | null {
  const [first] = folds;
  if (first === undefined) return null;
  const { drop, withoutOne, onlyOne } = first.robustness;
  const curve = (metric: 'auc' | 'accuracy') =>
    drop.map((_, i) => folds.map(({ robustness }) => robustness.drop[i]?.[metric] ?? null));
  const oneByOne = (hidden: 'withoutOne' | 'onlyOne', list: typeof withoutOne) =>
    list.map(({ modality }) => {
      const all = folds.flatMap(({ robustness }) =>
        robustness[hidden].filter((one) => one.modality === modality),
      );
      return {
        modality,
        auc: spreadOf(all.map(({ auc }) => auc)),
        accuracy: spreadOf(all.map(({ accuracy }) => accuracy)),
      };
    });
  return {
    rho: drop.map(({ rho }) => rho),
    auc: curve('auc'),
    accuracy: curve('accuracy'),
    withoutOne: oneByOne('withoutOne', withoutOne),
    onlyOne: oneByOne('onlyOne', onlyOne),
  };
}

/**
 * Mean AUC and accuracy over the folds of each repeat, and the spread of these means. Null for a single
 * cross-validation.
 */
function repeatsOf(evaluations: readonly Evaluation[], cv: Config['cv']): SummaryRow['repeats'] {
  if (cv.repeats === 1) return null;
  const means = (metric: 'auc' | 'accuracy'): (number | null)[] =>
    Array.from(
      { length: cv.repeats },
      (_, repeat) =>
        spreadOf(
          evaluations.filter(({ fold }) => repeatOf(fold, cv) === repeat).map(({ test }) => test[metric]),
        ).mean,
    );
  const [auc, accuracy] = [means('auc'), means('accuracy')];
  return { auc, accuracy, aucSpread: spreadOf(auc), accuracySpread: spreadOf(accuracy) };
}
