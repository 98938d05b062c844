import type { Rng } from '../../pipeline/core/rng.js';
import { initialParameters, layoutOf, linearSpecs, partOf } from '../tensor/parameters.js';
import type { ModalityInput } from '../embeddings/modality-inputs.js';

/**
 * `tabular.transfer: frozenRandom` (method.md 4.4): a linear map of every table vector to `width`, weights and bias from
 * U(-1/sqrt(d_m), +1/sqrt(d_m)), drawn here and never trained. Bags stay as they are, and rows of absent patients
 * unread: they are zeros afterwards.
 *
 * @param rng the stream of the maps; tables draw from it one after the other, in the order of `inputs`
 */
export const frozenTransfer = (
  inputs: readonly ModalityInput[],
  width: number,
  rng: Rng,
): readonly ModalityInput[] =>
  inputs.map((input) => (input.kind === 'table' ? transferred(input, width, rng) : input));

function transferred({ width: read, ...input }: ModalityInput, width: number, rng: Rng): ModalityInput {
  const layout = layoutOf(linearSpecs('transfer', read, width));
  const map = initialParameters(layout, rng);
  const weight = partOf(layout, map, 'transfer.weight');
  const bias = partOf(layout, map, 'transfer.bias');
  const values = new Float32Array(input.observed.length * width);
  input.observed.forEach((observed, patient) => {
    if (observed !== 1) return;
    const row = input.values.subarray(patient * read, (patient + 1) * read);
    for (let out = 0; out < width; out++) {
      let sum = bias[out] as number;
      for (let k = 0; k < read; k++) sum += (row[k] as number) * (weight[k * width + out] as number);
      values[patient * width + out] = sum;
    }
  });
  return { ...input, width, values };
}
