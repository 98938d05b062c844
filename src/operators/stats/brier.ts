import type { Label } from './labels.js';
import { mean } from './spread.js';

/** Brier score: mean squared difference of probability and outcome. 0 is perfect. Null without patients. */
export const brierScore = (labels: readonly Label[], probabilities: readonly number[]): number | null =>
  labels.length === 0 ? null : mean(labels.map((label, i) => ((probabilities[i] as number) - label) ** 2));
