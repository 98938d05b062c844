import type { Prediction } from '../stage3/prediction-data.js';
import { auc } from '../stats/auc.js';
import { brierScore } from '../stats/brier.js';
import { classify } from '../stats/classification.js';
import { reliabilityOf } from '../stats/reliability.js';
import { tiedScores } from '../stats/tied-scores.js';
import type { Metrics } from './metric-data.js';

/**
 * Metrics of a set of predictions (method.md 9.1). Ranks are computed from logits, because rounding makes probabilities
 * near 0 and 1 equal. Scores that differ only by rounding count as ties. Everything else is computed from
 * probabilities. A metric that is undefined for the set is null.
 */
export function metricsOf(predictions: readonly Prediction[]): Metrics {
  const labels = predictions.map(({ y }) => y);
  const probabilities = predictions.map(({ p }) => p);
  const positive = labels.filter((y) => y === 1).length;
  const { accuracy, balancedAccuracy, sensitivity, specificity } = classify(labels, probabilities);
  return {
    patients: labels.length,
    positive,
    accuracy,
    balancedAccuracy,
    sensitivity,
    specificity,
    auc: auc(labels, tiedScores(predictions.map(({ logit }) => logit))),
    brier: brierScore(labels, probabilities),
    ece: reliabilityOf(labels, probabilities).ece,
    majority: majorityShare(labels.length, positive),
  };
}

/** Accuracy of always answering the more frequent class. Null without patients. */
export const majorityShare = (patients: number, positive: number): number | null =>
  patients === 0 ? null : Math.max(positive, patients - positive) / patients;
