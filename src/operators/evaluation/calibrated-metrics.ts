import { calibrated } from '../calibration/calibrated.js';
import type { FoldCalibration } from '../calibration/calibration-data.js';
import type { Prediction } from '../stage3/prediction-data.js';
import { auc } from '../stats/auc.js';
import { brierScore } from '../stats/brier.js';
import { classify } from '../stats/classification.js';
import { reliabilityOf } from '../stats/reliability.js';
import { tiedScores } from '../stats/tied-scores.js';
import type { CalibratedMetrics } from './metric-data.js';

/**
 * A patient's calibrated probability. A patient without any modality of the method keeps the base rate of the training
 * patients (method.md 9.6).
 */
export const calibratedProbability = (
  { map }: Pick<FoldCalibration, 'map'>,
  { logit, p, observed }: Prediction,
): number => (observed ? calibrated(map, logit) : p);

/** Metrics of calibrated probabilities at 0.5 and at the threshold chosen on validation patients (method.md 9.6). */
export function calibratedMetricsOf(
  calibration: FoldCalibration,
  predictions: readonly Prediction[],
): CalibratedMetrics {
  const labels = predictions.map(({ y }) => y);
  const probabilities = predictions.map((prediction) => calibratedProbability(calibration, prediction));
  return {
    kind: calibration.map.kind,
    threshold: calibration.threshold,
    ...classify(labels, probabilities),
    atThreshold: { ...classify(labels, probabilities, calibration.threshold) },
    auc: auc(labels, tiedScores(probabilities, 'probability')),
    brier: brierScore(labels, probabilities),
    ece: reliabilityOf(labels, probabilities).ece,
    notes: calibration.notes,
  };
}
