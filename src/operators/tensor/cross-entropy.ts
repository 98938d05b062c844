/** Loss of one sample and its derivatives with respect to the logits. */
export interface TwoLogitLoss {
  readonly loss: number;
  readonly gradient: readonly [number, number];
}

/** Softmax cross-entropy of two logits, `-log softmax(logits)[target]`, numerically stable for all finite logits. */
export function crossEntropy(logit0: number, logit1: number, target: 0 | 1): TwoLogitLoss {
  const binary = logisticLoss(logit1 - logit0, target);
  return { loss: binary.loss, gradient: [-binary.gradient, binary.gradient] };
}

/**
 * Binary cross-entropy of a logit s, `softplus(s) - y s` (method.md 6.1), and its derivative `sigma(s) - y`. Both are computed from
 * `exp(-|s|)`, so neither overflows or cancels.
 */
export function logisticLoss(logit: number, y: 0 | 1): { readonly loss: number; readonly gradient: number } {
  // The margin is negative if the sample is classified correctly; loss = softplus(margin).
  const margin = y === 1 ? -logit : logit;
  const tail = Math.exp(-Math.abs(margin));
  const loss = Math.max(margin, 0) + Math.log1p(tail);
  const slope = margin >= 0 ? 1 / (1 + tail) : tail / (1 + tail);
  return { loss, gradient: y === 1 ? -slope : slope };
}

/** The probability of a logit: `1 / (1 + exp(-logit))`. */
export const probability = (logit: number): number =>
  logit >= 0 ? 1 / (1 + Math.exp(-logit)) : Math.exp(logit) / (1 + Math.exp(logit));
