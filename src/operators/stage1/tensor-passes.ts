import * as tf from '@tensorflow/tfjs-core';
import { columnSums, dense, denseGradients } from '../tensor/dense.js';
import { addGradients, ParameterTensors, type GradientTensors } from '../tensor/parameters.js';
import type { EncoderPasses, RowsPass, RowsUpstream } from './encoder-passes.js';
import type { Encoder } from './encoder.js';
import { InputRows } from './input-rows.js';
import { headClasses } from './instance-loss.js';
import { rowsOf, type EncoderMasks, type PackedBags } from './packed-bags.js';

/** Passes on the current TensorFlow.js backend. */
export class TensorPasses implements EncoderPasses {
  private readonly weights: ParameterTensors;

  constructor(
    private readonly encoder: Encoder,
    readonly parameters: Float32Array,
  ) {
    this.weights = new ParameterTensors(encoder.layout, parameters);
  }

  async forward(pack: PackedBags, masks: EncoderMasks | null): Promise<RowsPass> {
    const { encoder, weights } = this;
    const input = new InputRows(pack);
    const dropout = uploadMasks(encoder, rowsOf(pack), masks);
    const pass = tf.tidy(() => encode(encoder, weights, input, dropout));
    const [scores, heads] = await Promise.all([pass.scores.data<'float32'>(), pass.heads.data<'float32'>()]);
    const pooledBy = (attention: Float32Array): tf.Tensor2D =>
      tf.tensor2d(attentionMatrix(attention, pack), [pack.labels.length, rowsOf(pack)]);
    return {
      scores,
      heads,
      pool: async (attention) => {
        const pooled = tf.tidy(() => tf.matMul<tf.Tensor2D>(pooledBy(attention), pass.embedded));
        const values = await pooled.data<'float32'>();
        pooled.dispose();
        return values;
      },
      backward: async (upstream, gradient) => {
        const gradients = tf.tidy(() =>
          backward(encoder, weights, input, dropout, pass, pooledBy(upstream.attention), upstream),
        );
        await addGradients(encoder.layout, gradients, gradient);
      },
      dispose: () => {
        for (const tensor of [...Object.values(pass), ...Object.values(dropout)]) tensor?.dispose();
        input.dispose();
      },
    };
  }

  dispose(): void {
    this.weights.dispose();
  }
}

/** The block matrix [P, R] whose row i holds the attention of bag i: pooling and its gradient are one product each. */
function attentionMatrix(attention: Float32Array, { offsets, labels }: PackedBags): Float32Array {
  const matrix = new Float32Array(labels.length * attention.length);
  labels.forEach((_, bag) => {
    const [from, to] = [offsets[bag] as number, offsets[bag + 1] as number];
    matrix.set(attention.subarray(from, to), bag * attention.length + from);
  });
  return matrix;
}

type Masks = Readonly<Record<keyof EncoderMasks, tf.Tensor2D | null>>;

function uploadMasks(encoder: Encoder, rows: number, masks: EncoderMasks | null): Masks {
  const upload = (values: Float32Array | null | undefined, width: number): tf.Tensor2D | null =>
    values ? tf.tensor2d(values, [rows, width]) : null;
  return {
    embed: upload(masks?.embed, encoder.hidden),
    tanh: upload(masks?.tanh, encoder.attention),
    sigmoid: upload(masks?.sigmoid, encoder.attention),
  };
}

const masked = (x: tf.Tensor2D, mask: tf.Tensor2D | null): tf.Tensor2D =>
  mask === null ? x : tf.mul<tf.Tensor2D>(x, mask);

/** Everything the backward pass needs again; [R, ...] tensors. */
type EncoderPass = {
  /** X, after activation and dropout. */
  embedded: tf.Tensor2D;
  /** tanh(XV + bV) and sigma(XU + bU), before dropout. */
  tanh: tf.Tensor2D;
  sigmoid: tf.Tensor2D;
  /** Ta * Sa */
  gated: tf.Tensor2D;
  /** r, [R, 1] */
  scores: tf.Tensor2D;
  /** Logits of the H instance heads, [R, 2H]. */
  heads: tf.Tensor2D;
};

function encode(encoder: Encoder, weights: ParameterTensors, input: InputRows, masks: Masks): EncoderPass {
  const linear: tf.Tensor2D = tf.add(
    input.times(weights.matrix('embed.weight')),
    weights.vector('embed.bias'),
  );
  const active = encoder.activation === 'relu' ? tf.relu<tf.Tensor2D>(linear) : linear;
  const embedded = masked(active, masks.embed);
  const layer = (name: string): tf.Tensor2D =>
    dense(embedded, weights.matrix(`${name}.weight`), weights.vector(`${name}.bias`));
  // tanh(x) = 2 sigma(2x) - 1: the wasm kernel of sigmoid is vectorised, the one of tanh takes 15 times as long.
  const tanh: tf.Tensor2D = tf.sub(tf.mul(tf.sigmoid(tf.mul(layer('tanh'), 2)), 2), 1);
  const sigmoid: tf.Tensor2D = tf.sigmoid(layer('sigmoid'));
  const gated: tf.Tensor2D = tf.mul(masked(tanh, masks.tanh), masked(sigmoid, masks.sigmoid));
  const scores = dense(gated, weights.matrix('score.weight'), weights.vector('score.bias'));
  return { embedded, tanh, sigmoid, gated, scores, heads: layer('instance') };
}

function backward(
  encoder: Encoder,
  weights: ParameterTensors,
  input: InputRows,
  masks: Masks,
  pass: EncoderPass,
  attention: tf.Tensor2D,
  given: RowsUpstream,
): GradientTensors {
  const { embedded, tanh, sigmoid, gated } = pass;
  const [bags, rows] = attention.shape;
  const upstream = {
    z: tf.tensor2d(given.dPooled, [bags, encoder.hidden]),
    pooled: tf.tensor2d(given.pooled, [bags, encoder.hidden]),
    heads: tf.tensor2d(given.dHeads, [rows, 2 * headClasses(encoder).length]),
  };
  // z = sum_r a_r x_r, so dx_r = a_r dz, and through the softmax dr_r = a_r (x_r . dz - z . dz).
  const direct: tf.Tensor2D = tf.matMul(attention, upstream.z, true);
  const bagTerm = tf.sum(tf.mul(upstream.pooled, upstream.z), 1, true);
  const dScores: tf.Tensor2D = tf.sub(
    tf.sum(tf.mul(embedded, direct), 1, true),
    tf.matMul(attention, bagTerm as tf.Tensor2D, true),
  );

  const dGated: tf.Tensor2D = tf.mul(
    dScores,
    tf.reshape(weights.matrix('score.weight'), [1, encoder.attention]),
  );
  const dTanh = masked(tf.mul<tf.Tensor2D>(dGated, masked(sigmoid, masks.sigmoid)), masks.tanh);
  const dSigmoid = masked(tf.mul<tf.Tensor2D>(dGated, masked(tanh, masks.tanh)), masks.sigmoid);
  const dTanhLinear: tf.Tensor2D = tf.mul(dTanh, tf.sub(1, tf.square(tanh)));
  const dSigmoidLinear: tf.Tensor2D = tf.mul(dSigmoid, tf.mul(sigmoid, tf.sub(1, sigmoid)));

  const back = (d: tf.Tensor2D, name: string): tf.Tensor2D =>
    tf.matMul(d, weights.matrix(`${name}.weight`), false, true);
  const dEmbedded: tf.Tensor2D = tf.addN<tf.Tensor2D>([
    direct,
    back(dTanhLinear, 'tanh'),
    back(dSigmoidLinear, 'sigmoid'),
    back(upstream.heads, 'instance'),
  ]);
  // `embedded` is positive exactly where relu was open and dropout kept the element.
  const open = encoder.activation === 'relu' ? tf.mul<tf.Tensor2D>(dEmbedded, tf.step(embedded)) : dEmbedded;
  const dLinear = masked(open, masks.embed);

  const layer = (name: string, d: tf.Tensor2D): GradientTensors => {
    const { weight, bias } = denseGradients(embedded, d);
    return { [`${name}.weight`]: weight, [`${name}.bias`]: bias };
  };
  // No gradient for `score.bias`: it shifts all scores of a bag alike, which softmax and ranking do not see.
  return {
    'embed.weight': input.transposedTimes(dLinear),
    'embed.bias': columnSums(dLinear),
    'score.weight': tf.matMul(gated, dScores, true),
    ...layer('tanh', dTanhLinear),
    ...layer('sigmoid', dSigmoidLinear),
    ...layer('instance', upstream.heads),
  };
}
