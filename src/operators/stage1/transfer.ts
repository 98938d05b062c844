import { partOf } from '../tensor/parameters.js';
import type { BagEncoder } from './bag-encoder.js';

/**
 * The linear map `mil.transfer` after pooling (method.md 4.1): `z = p T + t` for the pooled vector p, with weight T and
 * bias t. It is computed in float64 in JavaScript, like the bag classifier. With `mil.transfer: none`, z is the pooled
 * vector.
 *
 * @param pooled pooled vectors of P bags, [P, d1]
 * @returns z, [P, embedding]
 */
export function transferred(
  encoder: BagEncoder,
  parameters: Float32Array,
  pooled: Float32Array,
): Float32Array {
  const { hidden, embedding, transfer, layout } = encoder;
  if (transfer === 'none') return pooled;
  const weight = partOf(layout, parameters, 'transfer.weight');
  const bias = partOf(layout, parameters, 'transfer.bias');
  const z = new Float32Array((pooled.length / hidden) * embedding);
  for (let at = 0; at < z.length; at++) {
    const [bag, column] = [Math.floor(at / embedding), at % embedding];
    let value = bias[column] as number;
    for (let j = 0; j < hidden; j++)
      value += (pooled[bag * hidden + j] as number) * (weight[j * embedding + column] as number);
    z[at] = value;
  }
  return z;
}

/**
 * The gradient of a loss with respect to `pooled`, [P, d1], given its gradient with respect to z. Adds the gradients
 * with respect to the weight T and the bias t of the map to `gradient`.
 */
export function transferBack(
  encoder: BagEncoder,
  parameters: Float32Array,
  pooled: Float32Array,
  dz: Float32Array,
  gradient: Float32Array,
): Float32Array {
  const { hidden, embedding, transfer, layout } = encoder;
  if (transfer === 'none') return dz;
  const weight = partOf(layout, parameters, 'transfer.weight');
  const dWeight = partOf(layout, gradient, 'transfer.weight');
  const dBias = partOf(layout, gradient, 'transfer.bias');
  const dPooled = new Float32Array(pooled.length);
  for (let bag = 0; bag * hidden < pooled.length; bag++) {
    const row = dz.subarray(bag * embedding, (bag + 1) * embedding);
    row.forEach((d, column) => (dBias[column] = (dBias[column] as number) + d));
    for (let j = 0; j < hidden; j++) {
      const value = pooled[bag * hidden + j] as number;
      let sum = 0;
      row.forEach((d, column) => {
        const at = j * embedding + column;
        sum += d * (weight[at] as number);
        dWeight[at] = (dWeight[at] as number) + d * value;
      });
      dPooled[bag * hidden + j] = sum;
    }
  }
  return dPooled;
}
