import * as tf from '@tensorflow/tfjs-core';
import { outputSpecs } from '../tensor/parameters.js';
import { autodiffHead } from './autodiff-head.js';
import { commonWidth } from './token-width.js';

/**
 * Bilinear interaction of all ordered pairs of observed modalities (method.md 8.7): `b_ij = e_i^T W e_j + beta`, `g =
 * sum_i c_i sum_j a_j b_ij`, logit = Linear(g). `e_i` is the embedding of modality i, of length D. `W`, `beta`, `a` and
 * `c` are learned. Since every `b_ij` is linear in `e_i` and in `e_j`,
 *
 *     g = p^T W q + (sum_i c_i)(sum_j a_j) beta with p = sum_i c_i e_i, q = sum_j a_j e_j
 *
 * over the observed modalities. So the output layer is multiplied with W once for all patients. Each patient then needs
 * only a matrix [D, D] in place of the tensor W [D, D, D].
 */
export const bilinearHead = autodiffHead((shape) => {
  const width = commonWidth(shape);
  const count = shape.inputs.length;
  return {
    specs: [
      { name: 'bilinear.left', shape: [count], fanIn: count },
      { name: 'bilinear.right', shape: [count], fanIn: count },
      // W with its output index first. beta is a column, so that it can be multiplied with the output layer.
      { name: 'bilinear.weight', shape: [width, width * width], fanIn: width },
      { name: 'bilinear.bias', shape: [width, 1], fanIn: width },
      ...outputSpecs('bilinear.output', width, shape.output),
    ],
    forward: ({ weights, tokens, observed }) => {
      const combined = (name: string): { token: tf.Tensor2D; total: tf.Tensor2D } => {
        const factors = weights.vector(name);
        const terms = tf
          .split(factors, count)
          .map((c, m) => tf.mul<tf.Tensor2D>(tokens[m] as tf.Tensor2D, c));
        return {
          token: tf.addN<tf.Tensor2D>(terms),
          total: tf.matMul(observed, tf.reshape(factors, [count, 1])),
        };
      };
      const [p, q] = [combined('bilinear.left'), combined('bilinear.right')];
      const output = weights.matrix('bilinear.output.weight');
      const forms = tf.split<tf.Tensor2D>(
        tf.matMul(output, weights.matrix('bilinear.weight'), true),
        shape.output.outputs,
        0,
      );
      const pairs = forms.map((form): tf.Tensor2D => {
        const left: tf.Tensor2D = tf.matMul(p.token, tf.reshape(form, [width, width]));
        return tf.matMul(tf.mul<tf.Tensor2D>(left, q.token), tf.ones([width, 1]));
      });
      const constant = tf.matMul(weights.matrix('bilinear.bias'), output, true);
      const shift = tf.matMul<tf.Tensor2D>(tf.mul<tf.Tensor2D>(p.total, q.total), constant);
      const bias = weights.vector('bilinear.output.bias');
      return { logits: tf.add(tf.add(tf.concat2d(pairs, 1), shift), bias) };
    },
  };
});
