import * as tf from '@tensorflow/tfjs-core';

/** `x w + b` for x [rows, inputs], w [inputs, outputs], b [outputs]. */
export const dense = (x: tf.Tensor2D, w: tf.Tensor2D, b: tf.Tensor1D): tf.Tensor2D =>
  tf.add(tf.matMul(x, w), b);

/** Gradients of a loss with respect to `w` and `b` of `dense`, given the gradient with respect to its output. */
export const denseGradients = (
  x: tf.Tensor2D,
  dOutput: tf.Tensor2D,
): { readonly weight: tf.Tensor2D; readonly bias: tf.Tensor2D } => ({
  weight: tf.matMul(x, dOutput, true),
  bias: columnSums(dOutput),
});

/** Sum over rows, [1, columns]. It is a product with ones, because the sum kernels of the CPU backends transpose first. */
export const columnSums = (x: tf.Tensor2D): tf.Tensor2D => tf.matMul(tf.ones([1, x.shape[0]]), x);
