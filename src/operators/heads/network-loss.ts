import { logisticLoss } from '../tensor/cross-entropy.js';
import { fusionLoss, type MonotonicOptions } from './monotonic-loss.js';
import { logitsOf, spreadLogits } from './outputs.js';

/** What the outputs of a network are the outputs of. */
export interface NetworkGroup {
  /** [B, M], what each pass could read: everything, and in training with random drop what is left. */
  readonly masks: readonly Uint8Array[];
  /** B values. */
  readonly labels: readonly (0 | 1)[];
  /** Predictions per row: the fused one, or that and one for each modality. */
  readonly predictions: number;
  /** Outputs per prediction, 1 or 2. */
  readonly logits: 1 | 2;
}

export interface NetworkLoss {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Derivative of the loss with respect to the outputs. */
  readonly dOutputs: Float32Array;
}

/**
 * Loss of the fused prediction (eq. 10-11; `l+` alone with one pass), and where each modality has a prediction of its
 * own, also the mean loss of those a patient has (method.md 8.5); means over the B patients.
 *
 * @param outputs [passes * B, predictions * logits]
 */
export function networkLoss(
  outputs: ArrayLike<number>,
  { masks, labels, predictions, logits }: NetworkGroup,
  options: MonotonicOptions,
): NetworkLoss {
  const count = labels.length;
  const scores = logitsOf(outputs, logits);
  const fused = (row: number): number => scores[row * predictions] as number;
  const [full, left] = masks;
  const { terms, dLogitsFull, dLogitsReduced } = fusionLoss(
    labels.map((_, i) => fused(i)),
    labels.map((_, i) =>
      left !== undefined && observedOf(left, i, count).length > 0 ? fused(count + i) : null,
    ),
    labels,
    options,
  );
  const dScores = new Array<number>(scores.length).fill(0);
  dLogitsFull.forEach((d, i) => (dScores[i * predictions] = d));
  if (left !== undefined) dLogitsReduced.forEach((d, i) => (dScores[(count + i) * predictions] = d));
  const { total, full: lossFull, reduced, mofe } = terms;
  const metrics: Record<string, number> =
    left === undefined ? { full: lossFull } : { full: lossFull, reduced, mofe };
  if (predictions === 1 || full === undefined)
    return { loss: total, metrics, dOutputs: Float32Array.from(spreadLogits(dScores, logits)) };

  let each = 0;
  labels.forEach((y, i) => {
    const observed = observedOf(full, i, count);
    for (const m of observed) {
      const at = i * predictions + 1 + m;
      const { loss, gradient } = logisticLoss(scores[at] as number, y);
      each += loss / (observed.length * count);
      dScores[at] = gradient / (observed.length * count);
    }
  });
  const dOutputs = Float32Array.from(spreadLogits(dScores, logits));
  return { loss: total + each, metrics: { ...metrics, each }, dOutputs };
}

/** The modalities of a patient that are open in a mask [count, M]. */
function observedOf(mask: Uint8Array, patient: number, count: number): readonly number[] {
  const modalities = mask.length / count;
  return Array.from({ length: modalities }, (_, m) => m).filter((m) => mask[patient * modalities + m] === 1);
}
