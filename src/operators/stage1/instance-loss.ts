import { crossEntropy } from '../tensor/cross-entropy.js';
import { extremes } from './ranking.js';

/** Number of instance heads, one per class. */
export const headCount = 2;
/** Logits per row: two for each head. */
export const headLogits = 2 * headCount;

export interface InstanceLossOptions {
  readonly k: number;
  /** Whether the head of the other class learns too. */
  readonly subtyping: boolean;
}

/** The rows of a bag that one head learns from, with their targets. */
export interface HeadRows {
  readonly rows: readonly number[];
  readonly targets: readonly (0 | 1)[];
}

/**
 * Chooses the rows of a head by attention score (method.md 4.2): the k highest get target 1 and the k lowest target 0
 * for the bag's own class, the k highest get target 0 for the other one. With fewer than 2k rows both sets overlap.
 */
export function headRows(scores: ArrayLike<number>, k: number, inClass: boolean): HeadRows {
  const top = extremes(scores, Math.min(k, scores.length), 1);
  if (!inClass) return { rows: top, targets: top.map(() => 0) };
  const bottom = extremes(scores, Math.min(k, scores.length), -1);
  return {
    rows: [...top, ...bottom],
    targets: [...top.map(() => 1 as const), ...bottom.map(() => 0 as const)],
  };
}

/**
 * Instance clustering loss of one bag (method.md 4.2): mean cross-entropy per head, summed, divided by the number of
 * heads when both learn. Ranking passes no gradient.
 *
 * @param scores raw attention scores, N values
 * @param logits head logits, N x 4 row after row, columns 2c and 2c+1 of head c
 * @param gradient N x 4; `scale` times the derivative of the loss with respect to `logits` is added to it
 */
export function instanceLoss(
  scores: ArrayLike<number>,
  logits: ArrayLike<number>,
  y: 0 | 1,
  { k, subtyping }: InstanceLossOptions,
  gradient: Float32Array | null,
  scale: number,
): number {
  const heads = subtyping ? ([0, 1] as const) : ([y] as const);
  let loss = 0;
  for (const head of heads) {
    const { rows, targets } = headRows(scores, k, head === y);
    const weight = 1 / (rows.length * heads.length);
    rows.forEach((row, i) => {
      const at = row * headLogits + 2 * head;
      const term = crossEntropy(logits[at] as number, logits[at + 1] as number, targets[i] as 0 | 1);
      loss += weight * term.loss;
      if (gradient === null) return;
      gradient[at] = (gradient[at] as number) + scale * weight * term.gradient[0];
      gradient[at + 1] = (gradient[at + 1] as number) + scale * weight * term.gradient[1];
    });
  }
  return loss;
}
