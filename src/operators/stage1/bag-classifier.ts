import { crossEntropy } from '../tensor/cross-entropy.js';
import { partOf } from '../tensor/parameters.js';
import type { BagEncoder } from './bag-encoder.js';

/** What the classifier made of the P bags of a pack. */
export interface ClassifiedBags {
  /** [P, 2], living and deceased. */
  readonly logits: Float32Array;
  /** Cross-entropy of each bag. */
  readonly losses: readonly number[];
  /** Gradient of wBag times the summed loss with respect to z, [P, embedding]. */
  readonly dz: Float32Array;
}

/**
 * Bag classifier `Wc z + bc` with cross-entropy (method.md 4.1), in float64 off the backend: P short rows are too few
 * to send there. Adds the gradients of its own parameters to `gradient`.
 *
 * @param z [P, embedding]
 */
export function classifyBags(
  encoder: BagEncoder,
  parameters: Float32Array,
  z: ArrayLike<number>,
  labels: readonly (0 | 1)[],
  gradient: Float32Array | null,
): ClassifiedBags {
  const { embedding: width, wBag, layout } = encoder;
  const weight = partOf(layout, parameters, 'classifier.weight');
  const bias = partOf(layout, parameters, 'classifier.bias');
  const logits = new Float32Array(labels.length * 2);
  const dz = new Float32Array(labels.length * width);
  const losses = labels.map((y, bag) => {
    let [living, deceased] = [bias[0] as number, bias[1] as number];
    for (let j = 0; j < width; j++) {
      const value = z[bag * width + j] as number;
      living += value * (weight[2 * j] as number);
      deceased += value * (weight[2 * j + 1] as number);
    }
    logits.set([living, deceased], 2 * bag);
    const { loss, gradient: dLogits } = crossEntropy(living, deceased, y);
    for (let j = 0; j < width; j++)
      dz[bag * width + j] =
        wBag * (dLogits[0] * (weight[2 * j] as number) + dLogits[1] * (weight[2 * j + 1] as number));
    if (gradient !== null) addClassifierGradient(encoder, gradient, z, bag, dLogits);
    return loss;
  });
  return { logits, losses, dz };
}

function addClassifierGradient(
  { embedding: width, wBag, layout }: BagEncoder,
  gradient: Float32Array,
  z: ArrayLike<number>,
  bag: number,
  dLogits: readonly [number, number],
): void {
  const dWeight = partOf(layout, gradient, 'classifier.weight');
  const dBias = partOf(layout, gradient, 'classifier.bias');
  dLogits.forEach((d, column) => {
    dBias[column] = (dBias[column] as number) + wBag * d;
    for (let j = 0; j < width; j++) {
      const at = 2 * j + column;
      dWeight[at] = (dWeight[at] as number) + wBag * d * (z[bag * width + j] as number);
    }
  });
}
