import { scoresByClass, type Label } from './labels.js';

/**
 * Area under the ROC curve as the Mann-Whitney statistic; ties count one half (method.md 9.1). Only the order of the scores matters,
 * so logits and probabilities give the same value.
 *
 * @returns null if a class is absent.
 */
export function auc(labels: readonly Label[], scores: readonly number[]): number | null {
  const { positive, negative } = scoresByClass(labels, scores);
  return aucOfClasses(Float64Array.from(negative), Float64Array.from(positive));
}

/** Area under the ROC curve of the scores of each class. No score may be NaN. */
export function aucOfClasses(negative: Float64Array, positive: Float64Array): number | null {
  if (negative.length === 0 || positive.length === 0) return null;
  const [low, high] = [negative.toSorted(), positive.toSorted()];
  // Counts of pairs, and halves for ties, are exact in floating point. So neither the order of the patients nor the
  // way of counting changes the result.
  let [below, upTo, wins] = [0, 0, 0];
  for (const value of high) {
    while (below < low.length && (low[below] as number) < value) below++;
    while (upTo < low.length && (low[upTo] as number) <= value) upTo++;
    wins += (below + upTo) / 2;
  }
  return wins / (low.length * high.length);
}
