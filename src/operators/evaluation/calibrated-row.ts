import type { Config } from '../../pipeline/config/schema.js';
import { reliabilityOf } from '../stats/reliability.js';
import { tiedScores } from '../stats/tied-scores.js';
import { calibratedProbability } from './calibrated-metrics.js';
import type { CalibratedRow } from './calibrated-row-data.js';
import type { CalibratedMetrics } from './metric-data.js';
import type { MethodResults } from './method-results.js';
import { pooledAucOf, poolTestScores, type PooledScores } from './pooled.js';
import { spreadOf } from './spread-of.js';
import type { ClassWords } from './undefined-reasons.js';

/**
 * The test patients of all folds with calibrated probabilities. These probabilities are also the scores that rank the
 * patients (method.md 9.6).
 */
export function pooledCalibrated(
  { method, folds, calibrations }: Pick<MethodResults, 'method' | 'folds' | 'calibrations'>,
  cv: Config['cv'],
): PooledScores {
  const after = folds.map(({ fold, predictions }) => {
    const own = calibrations.find((calibration) => calibration.fold === fold);
    return {
      fold,
      predictions:
        own === undefined
          ? predictions
          : predictions.map((prediction) => ({ ...prediction, p: calibratedProbability(own, prediction) })),
    };
  });
  const pooled = poolTestScores(method.id, after, cv);
  return { ...pooled, scores: tiedScores(pooled.probabilities, 'probability') };
}

/** The results of a method after calibration on the validation patients of each fold (method.md 9.6). */
export function calibratedRowOf(results: MethodResults, cv: Config['cv'], words: ClassWords): CalibratedRow {
  const folds = results.evaluations.map(({ calibrated }) => calibrated);
  const over = (of: (fold: CalibratedMetrics) => number | null) => spreadOf(folds.map(of));
  const pooled = pooledCalibrated(results, cv);
  const { ece, bins } = reliabilityOf(pooled.labels, pooled.probabilities);
  const kinds = [...new Set(folds.map(({ kind }) => kind))].sort();
  return {
    maps: kinds.map((kind) => ({ kind, folds: folds.filter((fold) => fold.kind === kind).length })),
    accuracy: over(({ accuracy }) => accuracy),
    balancedAccuracy: over(({ balancedAccuracy }) => balancedAccuracy),
    sensitivity: over(({ sensitivity }) => sensitivity),
    specificity: over(({ specificity }) => specificity),
    atThreshold: {
      accuracy: over(({ atThreshold }) => atThreshold.accuracy),
      balancedAccuracy: over(({ atThreshold }) => atThreshold.balancedAccuracy),
      sensitivity: over(({ atThreshold }) => atThreshold.sensitivity),
      specificity: over(({ atThreshold }) => atThreshold.specificity),
    },
    threshold: over(({ threshold }) => threshold),
    brier: over(({ brier }) => brier),
    ece: over((fold) => fold.ece),
    pooledAuc: pooledAucOf(pooled, words),
    reliability: { ece, bins: [...bins] },
  };
}
