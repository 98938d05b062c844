import type { Label } from '../stats/labels.js';
import { probability } from '../tensor/cross-entropy.js';
import type { CalibrationMap } from './calibration-data.js';

const mostSteps = 200;

/**
 * Temperature scaling: the T > 0 that minimises the cross-entropy of `logit / T` (Guo et al. 2017). The loss is convex
 * in `1 / T`, and Newton's method finds the zero of its derivative. A Newton step that leaves the interval known to
 * hold this zero is replaced by bisection.
 *
 * @returns null without a finite minimum above 0: the sign of the logit is right for all patients (T would be 0), or
 * the logits do not rise with the outcome (T would be infinite or negative)
 */
export function fitTemperature(
  labels: readonly Label[],
  logits: readonly number[],
): Extract<CalibrationMap, { kind: 'temperature' }> | null {
  const separated = logits.every((logit, i) => (labels[i] === 1 ? logit >= 0 : logit <= 0));
  const slopeAt = (inverse: number): readonly [gradient: number, curvature: number] => {
    let [gradient, curvature] = [0, 0];
    for (const [i, logit] of logits.entries()) {
      const p = probability(inverse * logit);
      gradient += (p - (labels[i] as number)) * logit;
      curvature += p * (1 - p) * logit * logit;
    }
    return [gradient, curvature];
  };
  // The loss is convex in `1 / T`. If it does not decrease at `1 / T = 0`, it does not decrease at any `1 / T` above 0,
  // and has no minimum there.
  if (separated || !(slopeAt(0)[0] < 0)) return null;
  const scale = Math.max(...logits.map(Math.abs));
  let [low, high] = [0, 1 / scale];
  while (slopeAt(high)[0] < 0) [low, high] = [high, 2 * high];
  let inverse = (low + high) / 2;
  for (let step = 0; step < mostSteps; step++) {
    const [gradient, curvature] = slopeAt(inverse);
    if (gradient < 0) low = inverse;
    else high = inverse;
    const newton = inverse - gradient / curvature;
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - inverse) <= 1e-15 * inverse || high - low <= 1e-15 * high) {
      inverse = next;
      break;
    }
    inverse = next;
  }
  return { kind: 'temperature', temperature: 1 / inverse };
}
