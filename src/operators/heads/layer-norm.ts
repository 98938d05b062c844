import * as tf from '@tensorflow/tfjs-core';
import type { ParameterSpec, ParameterTensors } from '../tensor/parameters.js';

/** Added to the variance before its square root is taken. The value is the default of PyTorch. */
const epsilon = 1e-5;

/** Scale and shift of a layer normalisation over `width` numbers. Initially they are the identity. */
export const layerNormSpecs = (name: string, width: number): readonly ParameterSpec[] => [
  { name: `${name}.weight`, shape: [width], fanIn: width, start: 1 },
  { name: `${name}.bias`, shape: [width], fanIn: width, start: 0 },
];

/** Normalises each row of x [rows, width] to mean 0 and (population) variance 1, then scales and shifts it. */
export function layerNorm(
  weights: Pick<ParameterTensors, 'vector'>,
  name: string,
  x: tf.Tensor2D,
): tf.Tensor2D {
  const width = x.shape[1];
  // The means are computed as matrix products, because `tf.sum` on the CPU backends transposes the tensor first, which
  // is slower.
  const averaging = tf.fill<tf.Rank.R2>([width, 1], 1 / width);
  const centred: tf.Tensor2D = tf.sub(x, tf.matMul(x, averaging));
  const variance: tf.Tensor2D = tf.matMul(tf.square(centred), averaging);
  const scaled = tf.div<tf.Tensor2D>(centred, tf.sqrt(tf.add(variance, epsilon)));
  return tf.add(tf.mul(scaled, weights.vector(`${name}.weight`)), weights.vector(`${name}.bias`));
}
