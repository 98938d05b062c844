import type { Label } from './labels.js';
import { scoresByClass } from './labels.js';

/** One corner of a ROC curve: the rates if every score >= threshold is classified as positive. */
export interface RocPoint {
  readonly falsePositiveRate: number;
  readonly truePositiveRate: number;
  /** Null at the start of the curve, where no patient is classified as positive. */
  readonly threshold: number | null;
}

/**
 * The ROC curve from (0, 0) to (1, 1), one point per distinct score. Joined by straight lines, its area is the AUC with
 * ties counting one half.
 *
 * @returns null if a class is absent.
 */
export function rocCurve(labels: readonly Label[], scores: readonly number[]): readonly RocPoint[] | null {
  const { positive, negative } = scoresByClass(labels, scores);
  if (positive.length === 0 || negative.length === 0) return null;
  const ranked = scores.map((score, i) => ({ score, label: labels[i] })).sort((a, b) => b.score - a.score);
  const points: RocPoint[] = [{ falsePositiveRate: 0, truePositiveRate: 0, threshold: null }];
  let [falsePositives, truePositives] = [0, 0];
  for (const [i, { score, label }] of ranked.entries()) {
    if (label === 1) truePositives++;
    else falsePositives++;
    if (ranked[i + 1]?.score === score) continue;
    points.push({
      falsePositiveRate: falsePositives / negative.length,
      truePositiveRate: truePositives / positive.length,
      threshold: score,
    });
  }
  return points;
}
