/**
 * Relative difference up to which scores count as equal. Patients with equal inputs may get such a difference, because
 * a matrix product rounds differently at another position in the batch.
 */
const relative = 1e-6;
/**
 * Absolute difference up to which logits count as equal. A logit near 0 is a sum of larger terms, so its rounding error
 * is larger than its last digit.
 */
const logitNoise = 1e-7;

/**
 * Scores for ranking. Scores that differ only by rounding become equal, so that patients with equal rows are ties. Each
 * group of nearly equal scores gets the smallest score of the group. All other scores stay unchanged.
 *
 * @param kind for `logit`, an absolute tolerance also applies; for `probability` only the relative one, so that very
 * small probabilities stay distinct
 */
export function tiedScores(scores: readonly number[], kind: 'logit' | 'probability' = 'logit'): number[] {
  const order = scores.map((_, at) => at).sort((a, b) => (scores[a] as number) - (scores[b] as number));
  const tied = [...scores];
  const least = kind === 'logit' ? logitNoise : 0;
  for (const [rank, at] of order.entries()) {
    const before = order[rank - 1];
    if (before === undefined) continue;
    const [low, high] = [scores[before] as number, scores[at] as number];
    const noise = Math.max(least, relative * Math.max(Math.abs(low), Math.abs(high)));
    if (Number.isFinite(high - low) && high - low <= noise) tied[at] = tied[before] as number;
  }
  return tied;
}
