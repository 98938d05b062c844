import type { Target } from '../criteria/criterion.js';
import { partOf } from '../tensor/parameters.js';
import type { BagEncoder } from './bag-encoder.js';

/** Results of the classifier for the P bags of a pack. */
export interface ClassifiedBags {
  /** [P, outputs]: the logits of negative and positive, or the logits of the hazards. */
  readonly logits: Float32Array;
  /** Loss of each bag. */
  readonly losses: readonly number[];
  /** Gradient of `mil.wBag` times the sum of the losses, with respect to z; [P, embedding]. */
  readonly dz: Float32Array;
}

/**
 * Bag classifier `Wc z + bc` (method.md 4.1) with the loss that `encoder.criterion` defines for the outcome. It is
 * computed here in float64 and not on the TensorFlow.js backend, because P short rows are too little work for a
 * transfer. Adds the gradients of its own parameters to `gradient`.
 *
 * @param z [P, embedding]
 */
export function classifyBags(
  encoder: BagEncoder,
  parameters: Float32Array,
  z: ArrayLike<number>,
  targets: readonly Target[],
  gradient: Float32Array | null,
): ClassifiedBags {
  const { embedding: width, wBag, layout, outputs, criterion } = encoder;
  const weight = partOf(layout, parameters, 'classifier.weight');
  const bias = partOf(layout, parameters, 'classifier.bias');
  const rows = targets.map((_, bag) => {
    const row = Array.from(bias);
    for (let j = 0; j < width; j++) {
      const value = z[bag * width + j] as number;
      for (let k = 0; k < outputs; k++)
        row[k] = (row[k] as number) + value * (weight[outputs * j + k] as number);
    }
    return row;
  });
  const logits = Float32Array.from(rows.flat());
  const dz = new Float32Array(targets.length * width);
  const losses = criterion.judge(rows, targets).map(({ loss, gradient: dLogits }, bag) => {
    for (let j = 0; j < width; j++) {
      let sum = 0;
      for (let k = 0; k < outputs; k++) sum += (dLogits[k] as number) * (weight[outputs * j + k] as number);
      dz[bag * width + j] = wBag * sum;
    }
    if (gradient !== null) addClassifierGradient(encoder, gradient, z, bag, dLogits);
    return loss;
  });
  return { logits, losses, dz };
}

function addClassifierGradient(
  { embedding: width, wBag, layout, outputs }: BagEncoder,
  gradient: Float32Array,
  z: ArrayLike<number>,
  bag: number,
  dLogits: readonly number[],
): void {
  const dWeight = partOf(layout, gradient, 'classifier.weight');
  const dBias = partOf(layout, gradient, 'classifier.bias');
  dLogits.forEach((d, column) => {
    dBias[column] = (dBias[column] as number) + wBag * d;
    for (let j = 0; j < width; j++) {
      const at = outputs * j + column;
      dWeight[at] = (dWeight[at] as number) + wBag * d * (z[bag * width + j] as number);
    }
  });
}
