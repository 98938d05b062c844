import { midRanks } from '../stats/mid-ranks.js';

/** The raw scores of one bag with derived values, all in the order of its instances. */
export interface RankedAttention {
  /** The scores that Stage 1 saved. */
  readonly scores: Float32Array;
  /** Softmax over the bag (method.md 4.1): the weights with which the bag was pooled. They sum to 1. */
  readonly attention: Float64Array;
  /** Fraction of the other instances of the bag with a lower score; equal scores count half. 0 is the lowest, 1 the highest. */
  readonly percentile: Float64Array;
}

export function rankAttention(scores: Float32Array): RankedAttention {
  const highest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = Float64Array.from(scores, (score) => Math.exp(score - highest));
  const sum = weights.reduce((a, b) => a + b, 0);
  const others = scores.length - 1;
  const ranks = midRanks(Array.from(scores));
  return {
    scores,
    attention: weights.map((weight) => weight / sum),
    // A single instance is neither high nor low, so it gets 0.5.
    percentile: Float64Array.from(ranks, (rank) => (others === 0 ? 0.5 : (rank - 1) / others)),
  };
}
