import type { Criterion, Judged, Target } from '../criteria/criterion.js';
import { outputRows } from '../criteria/output-rows.js';
import { fusionLoss, type MonotonicOptions } from './monotonic-loss.js';

/** The patients and passes that the outputs of a network belong to. */
export interface NetworkGroup {
  /**
   * The modalities that each pass reads, [B, M]. The first pass reads all observed modalities. In training with random
   * drop, a second pass reads those that are not dropped.
   */
  readonly masks: readonly Uint8Array[];
  /** The outcome of each patient, one value per patient. */
  readonly targets: readonly Target[];
  readonly criterion: Criterion;
  /** Number of predictions per row: 1 (only the fused prediction), or 1 + M if each modality has its own prediction. */
  readonly predictions: number;
  /** Number of outputs per prediction. */
  readonly outputs: number;
}

export interface NetworkLoss {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Derivative of the loss with respect to the outputs. */
  readonly dOutputs: Float32Array;
}

/**
 * Loss of the fused prediction (method.md 6.3; with one pass, only the loss `l+` of the full pass). If each modality
 * has its own prediction, the mean loss of the predictions of a patient's modalities is added (method.md 8.5). All
 * terms are means over the B patients.
 *
 * @param values [passes * B, predictions * outputs]
 */
export function networkLoss(
  values: ArrayLike<number>,
  { masks, targets, criterion, predictions, outputs }: NetworkGroup,
  options: MonotonicOptions,
): NetworkLoss {
  const count = targets.length;
  const rows = outputRows(values, outputs);
  const fused = (row: number): readonly number[] => rows[row * predictions] as readonly number[];
  const [full, left] = masks;
  const { terms, dFull, dReduced } = fusionLoss(
    targets.map((_, i) => fused(i)),
    targets.map((_, i) =>
      left !== undefined && observedOf(left, i, count).length > 0 ? fused(count + i) : null,
    ),
    targets,
    criterion,
    options,
  );
  const dRows: (readonly number[])[] = rows.map((row) => row.map(() => 0));
  dFull.forEach((d, i) => (dRows[i * predictions] = d));
  if (left !== undefined) dReduced.forEach((d, i) => (dRows[(count + i) * predictions] = d));
  const { total, full: lossFull, reduced, mofe } = terms;
  const metrics: Record<string, number> =
    left === undefined ? { full: lossFull } : { full: lossFull, reduced, mofe };
  if (predictions === 1 || full === undefined)
    return { loss: total, metrics, dOutputs: Float32Array.from(dRows.flat()) };

  // The losses of all patients who have modality m are computed in one call, because the Cox loss compares the patients
  // at risk with each other.
  const judged = Array.from({ length: full.length / count }, (_, m) => {
    const having = targets.flatMap((_, i) => (observedOf(full, i, count).includes(m) ? [i] : []));
    const found = criterion.judge(
      having.map((i) => rows[i * predictions + 1 + m] as readonly number[]),
      having.map((i) => targets[i] as Target),
    );
    return new Map(having.map((i, at) => [i, found[at] as Judged]));
  });
  let each = 0;
  targets.forEach((_, i) => {
    const observed = observedOf(full, i, count);
    for (const m of observed) {
      const { loss, gradient } = judged[m]?.get(i) as Judged;
      each += loss / (observed.length * count);
      dRows[i * predictions + 1 + m] = gradient.map((d) => d / (observed.length * count));
    }
  });
  return { loss: total + each, metrics: { ...metrics, each }, dOutputs: Float32Array.from(dRows.flat()) };
}

/** The modalities of a patient that are open in a mask [count, M]. */
function observedOf(mask: Uint8Array, patient: number, count: number): readonly number[] {
  const modalities = mask.length / count;
  return Array.from({ length: modalities }, (_, m) => m).filter((m) => mask[patient * modalities + m] === 1);
}
