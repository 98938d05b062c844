import { auc } from './auc.js';
import { aucVariance } from './delong.js';
import type { Label } from './labels.js';

/** 97.5 % quantile of the standard normal distribution. */
const z975 = 1.959963984540054;

/**
 * 95 % confidence interval of one AUC: normal approximation with DeLong's variance (method.md 9.5), clipped to [0, 1]. With perfectly
 * separated classes it is a single point.
 *
 * @returns null unless both classes have at least two patients.
 */
export function aucInterval95(
  labels: readonly Label[],
  scores: readonly number[],
): readonly [number, number] | null {
  const value = auc(labels, scores);
  const variance = aucVariance(labels, scores);
  if (value === null || variance === null) return null;
  const half = z975 * Math.sqrt(variance);
  return [Math.max(0, value - half), Math.min(1, value + half)];
}
