import * as tf from '@tensorflow/tfjs-core';
import { dense } from '../tensor/dense.js';
import { linearSpecs, outputSpecs, type ParameterTensors } from '../tensor/parameters.js';
import { autodiffHead } from './autodiff-head.js';
import { layerNorm, layerNormSpecs } from './layer-norm.js';
import { commonWidth } from './token-width.js';

/**
 * Width and dropout of the hidden layer after attention. PS3 prescribes them (method.md 8.4), so there is no setting.
 */
const hidden = 64;
const dropout = 0.25;
/**
 * Added to the attention scores of absent keys, so that their attention is exactly zero if the patient has any
 * modality.
 */
const absent = -1e9;

/**
 * PS3: single-head attention over modality tokens (method.md 8.4): layer normalisation; joint projection to query, key and value;
 * attention over the observed modalities; a linear layer per modality; the same normalisation; then a two-layer network
 * on the vectors of all modalities side by side, with zeros for absent modalities.
 */
export const ps3Head = autodiffHead((shape) => {
  const width = commonWidth(shape);
  const count = shape.inputs.length;
  const ownName = (m: number): string => `ps3.own.${shape.inputs[m]?.modality ?? m}`;
  return {
    specs: [
      ...layerNormSpecs('ps3.norm', width),
      ...linearSpecs('ps3.attention', width, 3 * width),
      ...shape.inputs.flatMap(({ modality }, m) => linearSpecs(ownName(m), width, width, modality)),
      ...linearSpecs('ps3.hidden', count * width, hidden),
      ...outputSpecs('ps3.output', hidden, shape.output),
    ],
    dropout: { width: hidden, rate: dropout },
    forward: ({ weights, tokens, observed, open, dropout: mask }) => {
      const rows = observed.shape[0];
      const layer = (x: tf.Tensor2D, name: string): tf.Tensor2D => linear(weights, x, name);
      const flat = (x: tf.Tensor): tf.Tensor2D => tf.reshape(x, [rows * count, width]);
      const normed = layerNorm(weights, 'ps3.norm', flat(tf.concat2d([...tokens], 1)));
      const [q, k, v] = tf
        .split(layer(normed, 'ps3.attention'), 3, 1)
        .map((part): tf.Tensor3D => tf.reshape(part, [rows, count, width]));
      const seen = attend(q as tf.Tensor3D, k as tf.Tensor3D, v as tf.Tensor3D, observed);
      const slots = tf.split<tf.Tensor2D>(tf.reshape(seen, [rows, count * width]), count, 1);
      const own = tf.concat2d(
        slots.map((slot, m) => layer(slot, ownName(m))),
        1,
      );
      const again = tf.reshape(layerNorm(weights, 'ps3.norm', flat(own)), [rows, count * width]);
      const masked = tf.concat2d(
        tf
          .split<tf.Tensor2D>(again, count, 1)
          .map((slot, m) => tf.mul<tf.Tensor2D>(slot, open[m] as tf.Tensor2D)),
        1,
      );
      const active = tf.relu(layer(masked, 'ps3.hidden'));
      return { logits: layer(mask === null ? active : tf.mul<tf.Tensor2D>(active, mask), 'ps3.output') };
    },
  };
});

const linear = (
  weights: Pick<ParameterTensors, 'matrix' | 'vector'>,
  x: tf.Tensor2D,
  name: string,
): tf.Tensor2D => dense(x, weights.matrix(`${name}.weight`), weights.vector(`${name}.bias`));

/** `softmax(q k^T / sqrt(width)) v` over the observed tokens of each patient. q, k, v are [R, M, width]. */
function attend(q: tf.Tensor3D, k: tf.Tensor3D, v: tf.Tensor3D, observed: tf.Tensor2D): tf.Tensor3D {
  const [rows, count, width] = q.shape;
  const closed = tf.reshape(tf.mul(tf.sub(1, observed), absent), [rows, 1, count]);
  const scores: tf.Tensor3D = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(width));
  return tf.matMul(tf.softmax(tf.add<tf.Tensor3D>(scores, closed)), v);
}
