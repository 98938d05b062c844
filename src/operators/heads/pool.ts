import * as tf from '@tensorflow/tfjs-core';
import { dense } from '../tensor/dense.js';
import { outputSpecs } from '../tensor/parameters.js';
import { autodiffHead, type NetworkPass } from './autodiff-head.js';
import type { HeadModule } from './head.js';
import { commonWidth } from './token-width.js';

export type Pooling = 'mean' | 'sum' | 'max';

/**
 * Pools the vectors of the observed modalities to one vector h. A single linear layer maps h to the outputs (method.md
 * 8.3). A patient without modalities has h = 0.
 */
export const poolHead = (how: Pooling): HeadModule =>
  autodiffHead((shape) => ({
    specs: outputSpecs('pool', commonWidth(shape), shape.output),
    forward: (pass) => ({
      logits: dense(pool[how](pass), pass.weights.matrix('pool.weight'), pass.weights.vector('pool.bias')),
    }),
  }));

/**
 * A number that is lower than all numbers in a network. Max pooling replaces the vectors of absent modalities by it, so
 * that they are never the maximum.
 */
const lowest = -1e30;

const sum = ({ tokens }: NetworkPass): tf.Tensor2D => tf.addN<tf.Tensor2D>([...tokens]);
/**
 * Number of observed modalities, [R, 1]. It is 1 for a patient without modalities, so that the mean does not divide by
 * 0.
 */
const counts = ({ open }: NetworkPass): tf.Tensor2D =>
  tf.maximum<tf.Tensor2D>(tf.addN<tf.Tensor2D>([...open]), 1);
/** 1 for a patient with at least one observed modality, otherwise 0; [R, 1]. */
const any = ({ open }: NetworkPass): tf.Tensor2D =>
  tf.minimum<tf.Tensor2D>(tf.addN<tf.Tensor2D>([...open]), 1);

const pool: Readonly<Record<Pooling, (pass: NetworkPass) => tf.Tensor2D>> = {
  sum,
  mean: (pass) => tf.div(sum(pass), counts(pass)),
  max: (pass) => {
    const candidates = pass.tokens.map((token, m): tf.Tensor2D => {
      const closed = tf.mul(tf.sub(1, pass.open[m] as tf.Tensor2D), lowest);
      return tf.add(token, closed);
    });
    const highest = candidates.reduce((a, b) => tf.maximum<tf.Tensor2D>(a, b));
    return tf.mul(highest, any(pass));
  },
};
