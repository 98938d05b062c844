import type { Label } from '../stats/labels.js';
import { mean, populationStd } from '../stats/spread.js';
import { logisticLoss, probability } from '../tensor/cross-entropy.js';
import type { CalibrationMap } from './calibration-data.js';

const mostSteps = 100;
/**
 * Newton's method ends when the Newton decrement is at most this. The loss can then decrease by no more than about half
 * of the decrement.
 */
const enough = 1e-22;

/**
 * Platt scaling: slope and intercept of a logistic regression on the logit, with Platt's smoothed targets `(n1 + 1)/(n1
 * + 2)` and `1/(n0 + 2)` for `n1` positive and `n0` negative patients (Platt 1999; Lin, Lin and Weng 2007). The fit is
 * Newton's method with a backtracking line search on standardised logits. The loss is strictly convex, because smoothed
 * targets are neither 0 nor 1.
 *
 * @param logits at least two different ones
 */
export function fitPlatt(
  labels: readonly Label[],
  logits: readonly number[],
): Extract<CalibrationMap, { kind: 'platt' }> {
  const positives = labels.filter((y) => y === 1).length;
  const negatives = labels.length - positives;
  const [high, low] = [(positives + 1) / (positives + 2), 1 / (negatives + 2)];
  const targets = labels.map((y) => (y === 1 ? high : low));
  const [centre, scale] = [mean(logits), populationStd(logits)];
  const scores = logits.map((logit) => (logit - centre) / scale);
  const lossOf = (slope: number, intercept: number): number =>
    scores.reduce((sum, score, i) => {
      const [s, target] = [slope * score + intercept, targets[i] as number];
      return sum + target * logisticLoss(s, 1).loss + (1 - target) * logisticLoss(s, 0).loss;
    }, 0);
  let [slope, intercept] = [0, Math.log((positives + 1) / (negatives + 1))];
  let loss = lossOf(slope, intercept);
  for (let step = 0; step < mostSteps; step++) {
    let [g0, g1, h00, h01, h11] = [0, 0, 0, 0, 0];
    for (const [i, score] of scores.entries()) {
      const p = probability(slope * score + intercept);
      const [error, weight] = [p - (targets[i] as number), p * (1 - p)];
      g0 += error * score;
      g1 += error;
      h00 += weight * score * score;
      h01 += weight * score;
      h11 += weight;
    }
    const determinant = h00 * h11 - h01 * h01;
    const d0 = -(h11 * g0 - h01 * g1) / determinant;
    const d1 = -(h00 * g1 - h01 * g0) / determinant;
    const decrement = -(g0 * d0 + g1 * d1);
    if (!(decrement > enough)) break;
    let size = 1;
    while (size > 1e-10 && lossOf(slope + size * d0, intercept + size * d1) > loss - 1e-4 * size * decrement)
      size /= 2;
    // Within rounding error of the minimum, no step reduces the loss. The parameters then stay as they are.
    [slope, intercept] = size > 1e-10 ? [slope + size * d0, intercept + size * d1] : [slope, intercept];
    loss = lossOf(slope, intercept);
    if (size <= 1e-10) break;
  }
  return { kind: 'platt', slope: slope / scale, intercept: intercept - (slope * centre) / scale };
}
