/**
 * Scores differ by rounding alone when they agree in six significant digits: a product of matrices rounds in another way at
 * another place of the batch.
 */
const relative = 1e-6;
/** Logits around 0 are sums of larger terms, which round by more than their own last digits. */
const logitNoise = 1e-7;

/**
 * Scores for ranking: those that differ by rounding alone become equal, so that patients with equal rows are ties. The
 * smallest of a group stands for all; other scores stay as they are.
 *
 * @param kind probabilities near 0 are told apart however small they are
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
