import { logisticLoss, probability } from '../tensor/cross-entropy.js';
import { estimated, notEstimated, waldInterval, type Estimate } from './estimate.js';
import type { Label } from './labels.js';
import { mean, populationStd } from './spread.js';

/**
 * How predictions differ from a logistic regression of the outcome on the predicted logit (Cox 1958; Van Calster et al.
 * 2019).
 */
export interface Recalibration {
  /**
   * Calibration in the large: the intercept if the slope of the predicted logit is fixed at 1. 0 is perfect; above 0
   * there are more events than predicted.
   */
  readonly inTheLarge: Estimate;
  /** Calibration slope. 1 is perfect. Below 1 the predictions are too extreme. */
  readonly slope: Estimate;
  /** Intercept of the model that also fits the slope. */
  readonly intercept: Estimate;
}

const mostSteps = 200;
const enough = 1e-20;

/**
 * Calibration-in-the-large and calibration slope by maximum likelihood, with Wald's 95 % intervals.
 *
 * @param logits the predicted logit of each patient, finite
 * @param oneClass the reason to report if all patients have one outcome
 */
export function recalibrationOf(
  labels: readonly Label[],
  logits: readonly number[],
  oneClass: string,
): Recalibration {
  const positives = labels.filter((y) => y === 1).length;
  if (positives === 0 || positives === labels.length) {
    const none = notEstimated(oneClass);
    return { inTheLarge: none, slope: none, intercept: none };
  }
  const offset = maximum(labels, (d) => logits.map((logit) => logit + d[0]), [1, 0], logits);
  const inTheLarge = estimated(offset.at[0], waldInterval(offset.at[0], Math.sqrt(1 / offset.h00)));
  const why = slopeFault(labels, logits);
  if (why !== null) return { inTheLarge, slope: notEstimated(why), intercept: notEstimated(why) };

  // The logits are standardised, so that the two parameters are nearly independent.
  const [centre, scale] = [mean(logits), populationStd(logits)];
  const scores = logits.map((logit) => (logit - centre) / scale);
  const { at, h00, h01, h11 } = maximum(
    labels,
    (d) => scores.map((score) => d[0] + d[1] * score),
    [1, 1],
    scores,
  );
  const determinant = h00 * h11 - h01 * h01;
  const [v0, v01, v1] = [h11 / determinant, -h01 / determinant, h00 / determinant];
  const slope = at[1] / scale;
  const intercept = at[0] - slope * centre;
  const ratio = centre / scale;
  return {
    inTheLarge,
    slope: estimated(slope, waldInterval(slope, Math.sqrt(v1) / scale)),
    intercept: estimated(
      intercept,
      waldInterval(intercept, Math.sqrt(v0 - 2 * ratio * v01 + ratio * ratio * v1)),
    ),
  };
}

/** Why the likelihood has no maximum with a finite slope. Null if it has one. */
function slopeFault(labels: readonly Label[], logits: readonly number[]): string | null {
  const of = (label: Label): number[] => logits.filter((_, i) => labels[i] === label);
  const [low0, high0] = [Math.min(...of(0)), Math.max(...of(0))];
  const [low1, high1] = [Math.min(...of(1)), Math.max(...of(1))];
  if (low0 === high1 && high0 === low1) return 'all patients have the same prediction';
  return high0 <= low1 || high1 <= low0
    ? 'the predictions separate the two outcomes, so the slope has no finite estimate'
    : null;
}

interface Maximum {
  readonly at: readonly [number, number];
  /** Entries of the 2 x 2 Fisher information matrix at the maximum. */
  readonly h00: number;
  readonly h01: number;
  readonly h11: number;
}

/**
 * Newton's method with step halving. The negative log likelihood is convex and has a minimum.
 *
 * @param free for each of the two parameters: 1 fits the parameter, 0 fixes it at 0
 * @param score derivative of the linear predictor with respect to the second parameter
 */
function maximum(
  labels: readonly Label[],
  predictor: (at: readonly [number, number]) => readonly number[],
  free: readonly [1, 0 | 1],
  score: readonly number[],
): Maximum {
  const lossOf = (at: readonly [number, number]): number =>
    predictor(at).reduce((sum, s, i) => sum + logisticLoss(s, labels[i] as Label).loss, 0);
  let at: readonly [number, number] = [0, 0];
  let loss = lossOf(at);
  for (let step = 0; ; step++) {
    let [g0, g1, h00, h01, h11] = [0, 0, 0, 0, 0];
    for (const [i, s] of predictor(at).entries()) {
      const p = probability(s);
      const [error, weight, x] = [p - (labels[i] as number), p * (1 - p), score[i] as number];
      g0 += error;
      g1 += error * x;
      h00 += weight;
      h01 += weight * x;
      h11 += weight * x * x;
    }
    const determinant = h00 * h11 - h01 * h01;
    const [d0, d1] =
      free[1] === 0
        ? [-g0 / h00, 0]
        : [-(h11 * g0 - h01 * g1) / determinant, -(h00 * g1 - h01 * g0) / determinant];
    const decrement = -(g0 * d0 + g1 * d1);
    if (!(decrement > enough) || step === mostSteps) return { at, h00, h01, h11 };
    let size = 1;
    let next: readonly [number, number] = [at[0] + d0, at[1] + d1];
    while (size > 1e-10 && !(lossOf(next) <= loss - 1e-4 * size * decrement)) {
      size /= 2;
      next = [at[0] + size * d0, at[1] + size * d1];
    }
    // When the step is within rounding error of the minimum, no step reduces the loss.
    if (size <= 1e-10) return { at, h00, h01, h11 };
    at = next;
    loss = lossOf(at);
  }
}
