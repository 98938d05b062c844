import type { Rng } from '../../pipeline/core/rng.js';
import { initialParameters, layoutOf, linearSpecs, partOf } from '../tensor/parameters.js';
import type { TrainedArrays } from '../tensor/onnx/layers.js';
import type { ModalityInput } from '../embeddings/modality-inputs.js';

/**
 * `tabular.transfer: frozenRandom` (method.md 4.4): a linear map of every table vector to `width`, with weights and
 * bias from U(-1/sqrt(d_m), +1/sqrt(d_m)), where d_m is the length of the table vector. The maps are drawn here and
 * never trained. Bags stay unchanged. Rows of absent patients are not read; they become zeros.
 *
 * @param rng the stream of the maps; tables draw from it one after another, in the order of `inputs`
 */
export const frozenTransfer = (
  inputs: readonly ModalityInput[],
  width: number,
  rng: Rng,
): readonly ModalityInput[] => {
  const maps = frozenMaps(inputs, width, rng);
  return inputs.map((input, m) => {
    const map = maps[m] ?? null;
    return map === null ? input : transferred(input, width, map);
  });
};

/** Weight and bias of the map of each input. Null for an input that stays unchanged. */
export const frozenMaps = (
  inputs: readonly Pick<ModalityInput, 'kind' | 'width'>[],
  width: number,
  rng: Rng,
): readonly (TrainedArrays | null)[] =>
  inputs.map(({ kind, width: read }) => {
    if (kind !== 'table') return null;
    const layout = layoutOf(linearSpecs('transfer', read, width));
    return { layout, values: initialParameters(layout, rng) };
  });

function transferred(
  { width: read, ...input }: ModalityInput,
  width: number,
  { layout, values: map }: TrainedArrays,
): ModalityInput {
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
