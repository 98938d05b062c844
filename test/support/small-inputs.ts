import type { ModalityId } from '../../src/pipeline/core/modality.js';
import { rng } from '../../src/pipeline/core/rng.js';
import type { BagSource } from '../../src/operators/stage1/bag-source.js';
import type { ModalityInput } from '../../src/operators/embeddings/modality-inputs.js';

/** Random vectors of some modalities. Each modality is absent for some patients, except the last one, which all patients have. */
export const tablesOf = (
  modalities: readonly ModalityId[],
  patients: number,
  width: (m: number) => number,
): readonly ModalityInput[] =>
  modalities.map((modality, m) => {
    const stream = rng(m, 'small-inputs');
    return {
      modality,
      kind: 'table',
      width: width(m),
      values: Float32Array.from({ length: patients * width(m) }, () => stream.normal()),
      observed: Uint8Array.from({ length: patients }, (_, i) =>
        m === modalities.length - 1 || i % 4 !== m ? 1 : 0,
      ),
    };
  });

/** Random bags in memory, of the given sizes. A patient with the size 0 has no bag. */
export function bagsInMemory(
  width: number,
  sizes: readonly number[],
): { readonly source: BagSource; readonly instancesOf: (patient: number) => number[][] } {
  const stream = rng(width, 'small-bags');
  const bags = sizes.map((rows) => Float32Array.from({ length: rows * width }, () => stream.normal()));
  const source: Pick<BagSource, 'width' | 'has' | 'rows' | 'load' | 'prefetch'> = {
    width,
    has: (patient) => (sizes[patient] ?? 0) > 0,
    rows: (patient) => sizes[patient] ?? 0,
    load: (patient) => Promise.resolve(bags[patient] ?? new Float32Array()),
    prefetch: () => undefined,
  };
  return {
    // The cast is safe: a network uses only these members of the class. The other members read files.
    source: source as BagSource,
    instancesOf: (patient) =>
      Array.from({ length: sizes[patient] ?? 0 }, (_, row) => [
        ...(bags[patient] as Float32Array).subarray(row * width, (row + 1) * width),
      ]),
  };
}
