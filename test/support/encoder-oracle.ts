// Importing the package `@tensorflow/tfjs` registers the gradients of all operations.
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { BagEncoder } from '../../src/operators/stage1/bag-encoder.js';
import { headRows } from '../../src/operators/stage1/instance-loss.js';
import { onHost, type EncoderMasks, type PackedBags } from '../../src/operators/stage1/packed-bags.js';

/**
 * The loss of a pack, summed bag by bag, and its gradient by automatic differentiation, as one flat array in the order
 * of the encoder's layout.
 */
export interface OracleResult {
  readonly loss: number;
  readonly gradient: Float32Array;
}

/**
 * Reference implementation of the encoder (method.md 4.1 and 4.2): one bag at a time, with plain operations that are
 * differentiated automatically. It checks the packed `bagGrad`, whose gradient was derived by hand. `dz` [patients,
 * embedding] adds the inner product `<dz, z>` to the loss.
 */
export function encoderOracle(
  encoder: BagEncoder,
  parameters: Float32Array,
  pack: PackedBags,
  masks: EncoderMasks | null,
  dz: Float32Array | null = null,
): OracleResult {
  const { layout } = encoder;
  return tf.tidy(() => {
    const variables = layout.entries.map(({ shape, offset, size }) =>
      tf.tensor(parameters.slice(offset, offset + size), [...shape]),
    );
    const lossOf = (...tensors: tf.Tensor[]): tf.Scalar => {
      const weights = new Map(layout.entries.map(({ name }, i) => [name, tensors[i] as tf.Tensor]));
      const losses = pack.targets.map((_, bag) => bagLoss(encoder, weights, pack, bag, masks, dz));
      return losses.reduce((sum, loss) => tf.add(sum, loss));
    };
    const { value, grads } = tf.valueAndGrads(lossOf)(variables);
    const gradient = new Float32Array(layout.size);
    layout.entries.forEach(({ offset }, i) => gradient.set((grads[i] as tf.Tensor).dataSync(), offset));
    return { loss: value.dataSync()[0] as number, gradient };
  });
}

function bagLoss(
  encoder: BagEncoder,
  weights: ReadonlyMap<string, tf.Tensor>,
  pack: PackedBags,
  bag: number,
  masks: EncoderMasks | null,
  dz: Float32Array | null,
): tf.Scalar {
  const [from, to] = [pack.offsets[bag] as number, pack.offsets[bag + 1] as number];
  const y = pack.targets[bag] as 0 | 1;
  const rows = (values: Float32Array, width: number): tf.Tensor2D =>
    tf.tensor2d(values.slice(from * width, to * width), [to - from, width]);
  const dropped = (x: tf.Tensor, mask: Float32Array | null | undefined, width: number): tf.Tensor =>
    mask ? tf.mul(x, rows(mask, width)) : x;
  const linear = (x: tf.Tensor, name: string): tf.Tensor =>
    tf.add(
      tf.matMul(x, weights.get(`${name}.weight`) as tf.Tensor),
      weights.get(`${name}.bias`) as tf.Tensor,
    );

  const mapped = linear(rows(onHost(pack.rows), pack.width), 'embed');
  const active = encoder.activation === 'relu' ? tf.relu(mapped) : mapped;
  const x = dropped(active, masks?.embed, encoder.hidden);
  const tanh = dropped(tf.tanh(linear(x, 'tanh')), masks?.tanh, encoder.attention);
  const sigmoid = dropped(tf.sigmoid(linear(x, 'sigmoid')), masks?.sigmoid, encoder.attention);
  const scores = linear(tf.mul(tanh, sigmoid), 'score');
  const pooled = tf.matMul(tf.softmax(tf.transpose(scores)), x);
  const z = encoder.transfer === 'linear' ? linear(pooled, 'transfer') : pooled;
  const bagTerm = crossEntropyOf(linear(z, 'classifier'), [y]);
  const classes = (encoder.heads === 'both' ? [0, 1] : [1]).filter((c) => encoder.subtyping || c === y);
  const instanceTerms = classes.map((c) => {
    const head = encoder.heads === 'both' ? c : 0;
    const chosen = headRows(scores.dataSync(), encoder.k, c === y);
    const picked = tf.matMul(oneHot(chosen.rows, to - from), x);
    return crossEntropyOf(tf.slice(linear(picked, 'instance'), [0, 2 * head], [-1, 2]), chosen.targets);
  });
  const instances = instanceTerms.reduce(
    (sum, term) => tf.add(sum, tf.div(term, encoder.subtyping ? 2 : 1)),
    tf.scalar(0),
  );
  const loss = tf.add(tf.mul(bagTerm, encoder.wBag), tf.mul(instances, encoder.wInst));
  if (dz === null) return loss as tf.Scalar;
  const { embedding } = encoder;
  const upstream = tf.tensor2d(dz.slice(bag * embedding, (bag + 1) * embedding), [1, embedding]);
  return tf.add(loss, tf.sum(tf.mul(z, upstream)));
}

/** Mean softmax cross-entropy of logits [rows, 2]. */
function crossEntropyOf(logits: tf.Tensor, targets: readonly number[]): tf.Scalar {
  const terms = tf.sum(tf.mul(tf.logSoftmax(logits), oneHot(targets, 2)), 1);
  return tf.neg(tf.mean(terms));
}

/** A matrix whose row i has a one at `positions[i]`. */
function oneHot(positions: readonly number[], width: number): tf.Tensor2D {
  const values = new Float32Array(positions.length * width);
  positions.forEach((position, row) => (values[row * width + position] = 1));
  return tf.tensor2d(values, [positions.length, width]);
}
