import { crossEntropy } from '../tensor/cross-entropy.js';
import { extremes } from './ranking.js';

export interface InstanceLossOptions {
  readonly k: number;
  /** Whether a bag also trains the instance head of the class that the bag does not have. */
  readonly subtyping: boolean;
  /** `both`: one head per class. `deceased`: only the head of the positive class. */
  readonly heads: 'both' | 'deceased';
}

/** The classes of the instance heads, in the order of their logits. */
export const headClasses = ({ heads }: Pick<InstanceLossOptions, 'heads'>): readonly (0 | 1)[] =>
  heads === 'both' ? [0, 1] : [1];

/** The rows of a bag that one head learns from, with their targets. */
export interface HeadRows {
  readonly rows: readonly number[];
  readonly targets: readonly (0 | 1)[];
}

/**
 * Chooses the rows of a head by attention score (method.md 4.2): for the head of the bag's own class, the k highest
 * rows get target 1 and the k lowest rows get target 0. For the head of the other class, the k highest rows get target
 * 0. With fewer than 2k rows, the highest and the lowest rows overlap.
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
 * Instance clustering loss of one bag (method.md 4.2): the cross-entropy of a head is averaged over its rows, and these
 * means are summed over the heads. With `subtyping`, the sum is divided by 2, the number of classes. A class without a
 * head has no term. The choice of rows by attention score passes no gradient to the scores.
 *
 * @param scores raw attention scores, N values
 * @param logits head logits, N x 2H row after row, columns 2i and 2i+1 of head i
 * @param gradient N x 2H; `scale` times the derivative of the loss with respect to `logits` is added to it
 */
export function instanceLoss(
  scores: ArrayLike<number>,
  logits: ArrayLike<number>,
  y: 0 | 1,
  options: InstanceLossOptions,
  gradient: Float32Array | null,
  scale: number,
): number {
  const { k, subtyping } = options;
  const heads = headClasses(options);
  let loss = 0;
  for (const [head, ofClass] of heads.entries()) {
    if (ofClass !== y && !subtyping) continue;
    const { rows, targets } = headRows(scores, k, ofClass === y);
    // The divisor is the number of classes, not of heads: the reference implementation also halves the term of a single
    // head.
    const weight = 1 / (rows.length * (subtyping ? 2 : 1));
    rows.forEach((row, i) => {
      const at = 2 * (row * heads.length + head);
      const term = crossEntropy(logits[at] as number, logits[at + 1] as number, targets[i] as 0 | 1);
      loss += weight * term.loss;
      if (gradient === null) return;
      gradient[at] = (gradient[at] as number) + scale * weight * term.gradient[0];
      gradient[at + 1] = (gradient[at + 1] as number) + scale * weight * term.gradient[1];
    });
  }
  return loss;
}
