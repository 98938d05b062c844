import { scoresByClass, type Label } from './labels.js';
import { midRanks } from './mid-ranks.js';

/**
 * Area under the ROC curve as the Mann-Whitney statistic with mid-ranks, ties counting one half (method.md 9.1).
 * Only the order of the scores matters, so logits and probabilities give the same value.
 *
 * @returns null when one of the classes is absent.
 */
export function auc(labels: readonly Label[], scores: readonly number[]): number | null {
  const { positive, negative } = scoresByClass(labels, scores);
  const [m, n] = [positive.length, negative.length];
  if (m === 0 || n === 0) return null;
  const ranks = midRanks([...positive, ...negative]);
  const rankSum = ranks.slice(0, m).reduce((sum, rank) => sum + rank, 0);
  return (rankSum - (m * (m + 1)) / 2) / (m * n);
}
