import * as tf from '@tensorflow/tfjs-core';
import { configSchema } from '../../pipeline/config/schema.js';
import { rng } from '../../pipeline/core/rng.js';
import { binaryCriterion } from '../criteria/binary.js';
import { initialParameters } from '../tensor/parameters.js';
import { bagGrad } from './bag-grad.js';
import { bagEncoderOf, type BagEncoder } from './bag-encoder.js';
import { TensorPasses } from './tensor-passes.js';
import { drawMasks, type PackedBags } from './packed-bags.js';

/**
 * One training step of Stage 1 with the default settings on random bags. It runs on the backend that is current at the
 * call.
 */
export interface CheckedStep {
  readonly encoder: BagEncoder;
  /** Sum of the losses of all bags, and the gradient of every parameter, flat in the encoder's layout. */
  readonly run: () => Promise<{ readonly loss: number; readonly gradient: Float32Array }>;
}

/** @param sizes number of rows of each bag */
export function checkedStep(sizes: readonly number[], width: number): CheckedStep {
  const { mil } = configSchema.parse({ name: 'check' });
  const encoder = bagEncoderOf(mil, width, binaryCriterion);
  const parameters = initialParameters(encoder.layout, rng(1, 'init')).map((value) => 2 * value);
  const stream = rng(1, 'rows');
  const offsets = sizes.reduce<number[]>((sums, size) => [...sums, (sums.at(-1) ?? 0) + size], [0]);
  const pack: PackedBags = {
    rows: Float32Array.from({ length: (offsets.at(-1) ?? 0) * width }, () => stream.normal()),
    width,
    offsets,
    targets: sizes.map((_, bag) => (bag % 3 === 0 ? 1 : 0)),
  };
  const masks = drawMasks(pack, encoder, rng(1, 'masks'));
  return {
    encoder,
    run: async () => {
      const passes = new TensorPasses(encoder, parameters);
      const gradient = new Float32Array(encoder.layout.size);
      const { bagLosses, instanceLosses } = await bagGrad(encoder, passes, pack, masks, gradient);
      passes.dispose();
      const loss = [...bagLosses, ...instanceLosses].reduce((sum, value) => sum + value, 0);
      return { loss, gradient };
    },
  };
}

/**
 * Largest difference between the gradients `a` and `b`. The differences in each array of parameters are divided by the
 * largest absolute value that `b` has in this array. NaN if one of the gradients contains NaN.
 */
export function gradientDifference({ layout }: BagEncoder, a: Float32Array, b: Float32Array): number {
  const of = layout.entries.map(({ offset, size }) => {
    let [off, largest] = [0, 0];
    for (let i = offset; i < offset + size; i++) {
      const [x, y] = [a[i] as number, b[i] as number];
      if (!Number.isFinite(x - y)) return NaN;
      off = Math.max(off, Math.abs(x - y));
      largest = Math.max(largest, Math.abs(y));
    }
    return largest === 0 ? off : off / largest;
  });
  return Math.max(...of);
}

/**
 * Largest error of matrix products of small integers, whose exact results are known. Each factor is tried with and
 * without transposition.
 */
export async function productError(): Promise<number> {
  const [rows, inner, columns] = [37, 53, 29];
  const left = Float32Array.from({ length: rows * inner }, (_, i) => ((i * 7) % 11) - 5);
  const right = Float32Array.from({ length: inner * columns }, (_, i) => ((i * 5) % 13) - 6);
  const exact = Float64Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let i = 0; i < inner; i++)
      sum += (left[row * inner + i] as number) * (right[i * columns + column] as number);
    return sum;
  });
  const products = tf.tidy(() => {
    const [a, b] = [tf.tensor2d(left, [rows, inner]), tf.tensor2d(right, [inner, columns])];
    const [at, bt] = [tf.transpose(a), tf.transpose(b)];
    return [
      tf.matMul(a, b),
      tf.matMul(at, b, true),
      tf.matMul(a, bt, false, true),
      tf.matMul(at, bt, true, true),
    ];
  });
  let worst = 0;
  for (const product of products) {
    const values = await product.data();
    exact.forEach((value, i) => (worst = Math.max(worst, Math.abs(value - (values[i] ?? NaN)))));
    product.dispose();
  }
  return worst;
}
