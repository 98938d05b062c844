import { gatherMask, type ModalityInput } from '../embeddings/modality-inputs.js';

/**
 * One logit of "deceased" per row: the output itself, or the difference of two outputs, whose softmax is its logistic
 * function (method.md 6.1).
 */
export const logitsOf = (outputs: ArrayLike<number>, perRow: number): readonly number[] =>
  perRow === 1
    ? Array.from(outputs)
    : Array.from(
        { length: outputs.length / 2 },
        (_, row) => (outputs[2 * row + 1] as number) - (outputs[2 * row] as number),
      );

/** Gradients of the outputs, given those of the logits. */
export const spreadLogits = (dLogits: readonly number[], perRow: number): number[] =>
  perRow === 1 ? [...dLogits] : dLogits.flatMap((d) => [-d, d]);

/** Patients scored at once outside of training. */
const scoreBatch = 512;

/**
 * Scores patients a batch at a time, in order.
 *
 * @param open [B, M], what may be read; all that a patient has when not given. What is absent stays closed
 */
export async function inBatches(
  patients: readonly number[],
  inputs: readonly ModalityInput[],
  open: Uint8Array | undefined,
  score: (group: readonly number[], mask: Uint8Array) => Promise<readonly number[]>,
): Promise<readonly number[]> {
  const logits: number[] = [];
  for (let from = 0; from < patients.length; from += scoreBatch) {
    const group = patients.slice(from, from + scoreBatch);
    const mask = gatherMask(inputs, group);
    if (open !== undefined)
      mask.forEach((observed, at) => (mask[at] = observed & (open[from * inputs.length + at] as number)));
    logits.push(...(await score(group, mask)));
  }
  return logits;
}
