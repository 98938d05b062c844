import * as tf from '@tensorflow/tfjs-core';
import type { GradientTensors } from '../tensor/parameters.js';
import type { BagEncoder } from './bag-encoder.js';

// The formulas of method.md 4 over all rows of a pack, [R, columns], or over a stack of F packs with F sets of weights,
// [F, R, columns]. Matrices are [..., inputs, outputs]. Biases are broadcast over the rows.

/** The arrays of an encoder by name: a matrix as it is stored, a bias as a row. */
export type Weights = (name: string) => tf.Tensor;

/** The matrix H of instances: H times the weights w of the first layer, and H^T times d for the gradient of w. */
export interface Instances {
  /** `H w` */
  times(w: tf.Tensor): tf.Tensor;
  /** `H^T d` */
  transposedTimes(d: tf.Tensor): tf.Tensor;
}

/** Dropout masks, [..., R, columns]. Null if the dropout rate is zero. */
export type MaskTensors = Readonly<Record<'embed' | 'tanh' | 'sigmoid', tf.Tensor | null>>;

/**
 * What the backward pass receives from the later layers. `z` is the gradient of the pooled vectors of the P bags,
 * [..., P, d1], and `heads` is the gradient of the logits of the instance heads.
 */
export interface UpstreamTensors {
  /** [..., P, R]: row i holds the attention of bag i. */
  readonly attention: tf.Tensor;
  readonly pooled: tf.Tensor;
  readonly z: tf.Tensor;
  readonly heads: tf.Tensor;
}

const dense = (x: tf.Tensor, weights: Weights, layer: string): tf.Tensor =>
  tf.add(tf.matMul(x, weights(`${layer}.weight`)), weights(`${layer}.bias`));

/**
 * Sum over the rows, [..., 1, columns]. It is computed as a matrix product with ones, because `tf.sum` on the CPU
 * backends transposes the tensor first, which is slower.
 */
const rowSums = (x: tf.Tensor): tf.Tensor =>
  tf.matMul(tf.ones([...x.shape.slice(0, -2), 1, x.shape.at(-2) ?? 1]), x);

const masked = (x: tf.Tensor, mask: tf.Tensor | null): tf.Tensor => (mask === null ? x : tf.mul(x, mask));

/** Results of the forward pass that the backward pass needs; each [..., R, columns]. */
export type EncoderPass = {
  /** The embedded rows X (method.md 4.1), after activation and dropout. */
  embedded: tf.Tensor;
  /** The two branches of the attention, before dropout: tanh(X V + bV) and sigma(X Ug + bU) of method.md 4.1. */
  tanh: tf.Tensor;
  sigmoid: tf.Tensor;
  /** The product Ta * Sa of the two branches (method.md 4.1). */
  gated: tf.Tensor;
  /** The raw attention scores r, [..., R, 1]. */
  scores: tf.Tensor;
  /** Logits of the H instance heads, [..., R, 2H]. */
  heads: tf.Tensor;
};

/** Computes the encoder up to the raw attention scores (method.md 4.1), and the instance heads. */
export function encode(
  { activation }: BagEncoder,
  weights: Weights,
  input: Instances,
  masks: MaskTensors,
): EncoderPass {
  const linear = tf.add(input.times(weights('embed.weight')), weights('embed.bias'));
  const embedded = masked(activation === 'relu' ? tf.relu(linear) : linear, masks.embed);
  // tanh(x) = 2 sigma(2x) - 1: the wasm kernel of sigmoid is vectorised, the one of tanh takes 15 times as long.
  const tanh = tf.sub(tf.mul(tf.sigmoid(tf.mul(dense(embedded, weights, 'tanh'), 2)), 2), 1);
  const sigmoid = tf.sigmoid(dense(embedded, weights, 'sigmoid'));
  const gated = tf.mul(masked(tanh, masks.tanh), masked(sigmoid, masks.sigmoid));
  const scores = dense(gated, weights, 'score');
  return { embedded, tanh, sigmoid, gated, scores, heads: dense(embedded, weights, 'instance') };
}

/** The gradients of all layers before pooling: of a matrix [..., inputs, outputs], of a bias [..., 1, outputs]. */
export function encodeBack(
  { activation }: BagEncoder,
  weights: Weights,
  input: Instances,
  masks: MaskTensors,
  pass: EncoderPass,
  upstream: UpstreamTensors,
): GradientTensors {
  const { embedded, tanh, sigmoid, gated } = pass;
  const { attention } = upstream;
  // The pooled vector of a bag is z = sum_r a_r x_r, with attention a_r and embedded row x_r. So dx_r = a_r dz, and
  // through the softmax the gradient of score r is a_r (x_r . dz - z . dz).
  const direct = tf.matMul(attention, upstream.z, true);
  const bagTerm = tf.sum(tf.mul(upstream.pooled, upstream.z), -1, true);
  const dScores = tf.sub(tf.sum(tf.mul(embedded, direct), -1, true), tf.matMul(attention, bagTerm, true));

  const toScore = weights('score.weight');
  const dGated = tf.mul(dScores, tf.reshape(toScore, [...toScore.shape.slice(0, -2), 1, -1]));
  const dTanh = masked(tf.mul(dGated, masked(sigmoid, masks.sigmoid)), masks.tanh);
  const dSigmoid = masked(tf.mul(dGated, masked(tanh, masks.tanh)), masks.sigmoid);
  const dTanhLinear = tf.mul(dTanh, tf.sub(1, tf.square(tanh)));
  const dSigmoidLinear = tf.mul(dSigmoid, tf.mul(sigmoid, tf.sub(1, sigmoid)));

  const back = (d: tf.Tensor, layer: string): tf.Tensor =>
    tf.matMul(d, weights(`${layer}.weight`), false, true);
  const dEmbedded = tf.addN([
    direct,
    back(dTanhLinear, 'tanh'),
    back(dSigmoidLinear, 'sigmoid'),
    back(upstream.heads, 'instance'),
  ]);
  // `embedded` is positive exactly where the input of relu was positive and dropout kept the element.
  const open = activation === 'relu' ? tf.mul(dEmbedded, tf.step(embedded)) : dEmbedded;
  const dLinear = masked(open, masks.embed);

  const layer = (name: string, d: tf.Tensor): GradientTensors => ({
    [`${name}.weight`]: tf.matMul(embedded, d, true),
    [`${name}.bias`]: rowSums(d),
  });
  // `score.bias` has no gradient: it shifts all scores of a bag equally, and softmax and ranking ignore such a shift.
  return {
    'embed.weight': input.transposedTimes(dLinear),
    'embed.bias': rowSums(dLinear),
    'score.weight': tf.matMul(gated, dScores, true),
    ...layer('tanh', dTanhLinear),
    ...layer('sigmoid', dSigmoidLinear),
    ...layer('instance', upstream.heads),
  };
}
