import * as tf from '@tensorflow/tfjs-core';
import { columnSums, dense, denseGradients } from '../tensor/dense.js';
import { addGradients, type GradientTensors, type ParameterTensors } from '../tensor/parameters.js';
import { attentionMatrix } from './attention.js';
import { classifyBags } from './bag-classifier.js';
import type { Encoder } from './encoder.js';
import { InputRows } from './input-rows.js';
import { headClasses, instanceLoss } from './instance-loss.js';
import { rowsOf, type EncoderMasks, type PackedBags } from './packed-bags.js';
import { transferBack, transferred } from './transfer.js';

/** What the encoder made of the P bags of a pack. */
export interface BagResult {
  /** Modality embeddings, [P, embedding]. */
  readonly z: Float32Array;
  /** Bag classifier, [P, 2]. */
  readonly logits: Float32Array;
  /** Raw attention scores of all rows, R values. */
  readonly scores: Float32Array;
  /** Per bag: cross-entropy of the classifier, and instance loss; both without their weights. */
  readonly bagLosses: readonly number[];
  readonly instanceLosses: readonly number[];
}

/**
 * Forward pass of the encoder over a pack of bags and, when `gradient` is given, the hand-derived backward pass: the
 * gradient of `sum over bags of wBag * CE + wInst * L_inst` (eq. 1-3, method.md 4) is added to it, and that of `<dz, z>`,
 * through which a later stage reaches the encoder (method.md 7).
 *
 * Work that grows with R runs on the backend; softmax, ranking, classifier and losses, a few numbers per row or bag,
 * are read back and computed in float64.
 *
 * @param masks dropout of a training pass; null in evaluation
 * @param gradient flat, in the encoder's layout; null for the forward pass alone
 * @param dz [P, embedding], gradient of z from elsewhere; null without one
 */
export async function bagGrad(
  encoder: Encoder,
  weights: ParameterTensors,
  pack: PackedBags,
  masks: EncoderMasks | null,
  gradient: Float32Array | null,
  dz: Float32Array | null = null,
): Promise<BagResult> {
  const input = new InputRows(pack);
  const dropout = uploadMasks(encoder, rowsOf(pack), masks);
  const pass = tf.tidy(() => encode(encoder, weights, input, dropout));
  const scores = await pass.scores.data<'float32'>();
  const heads = await pass.heads.data<'float32'>();
  const attention = tf.tensor2d(attentionMatrix(scores, pack), [pack.labels.length, rowsOf(pack)]);
  const pooled: tf.Tensor2D = tf.matMul(attention, pass.embedded);
  const pooledValues = await pooled.data<'float32'>();
  const z = transferred(encoder, weights.values, pooledValues);

  const { logits, losses, dz: upstreamOfZ } = classifyBags(encoder, weights.values, z, pack.labels, gradient);
  dz?.forEach((value, i) => (upstreamOfZ[i] = (upstreamOfZ[i] as number) + value));
  const dHeads = gradient === null ? null : new Float32Array(heads.length);
  const instanceLosses = instanceLossesOf(encoder, pack, scores, heads, dHeads);
  if (gradient !== null && dHeads !== null) {
    const dPooled = transferBack(encoder, weights.values, pooledValues, upstreamOfZ, gradient);
    const gradients = tf.tidy(() => {
      const upstream = {
        z: tf.tensor2d(dPooled, [pack.labels.length, encoder.hidden]),
        pooled,
        heads: tf.tensor2d(dHeads, [rowsOf(pack), 2 * headClasses(encoder).length]),
      };
      return backward(encoder, weights, input, dropout, pass, attention, upstream);
    });
    await addGradients(encoder.layout, gradients, gradient);
  }
  for (const tensor of [...Object.values(pass), ...Object.values(dropout), attention, pooled])
    tensor?.dispose();
  input.dispose();
  return { z, logits, scores, bagLosses: losses, instanceLosses };
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

function instanceLossesOf(
  encoder: Encoder,
  { offsets, labels }: PackedBags,
  scores: Float32Array,
  heads: Float32Array,
  gradient: Float32Array | null,
): readonly number[] {
  if (encoder.wInst === 0) return labels.map(() => 0);
  const perRow = 2 * headClasses(encoder).length;
  return labels.map((y, bag) => {
    const [from, to] = [offsets[bag] as number, offsets[bag + 1] as number];
    const part = (values: Float32Array): Float32Array => values.subarray(from * perRow, to * perRow);
    const into = gradient === null ? null : part(gradient);
    return instanceLoss(scores.subarray(from, to), part(heads), y, encoder, into, encoder.wInst);
  });
}

/** Gradients of what was computed off the backend, and the pooled rows again: [P, d1], [P, d1], [R, 2H]. */
interface Upstream {
  readonly z: tf.Tensor2D;
  readonly pooled: tf.Tensor2D;
  readonly heads: tf.Tensor2D;
}

function backward(
  encoder: Encoder,
  weights: ParameterTensors,
  input: InputRows,
  masks: Masks,
  pass: EncoderPass,
  attention: tf.Tensor2D,
  upstream: Upstream,
): GradientTensors {
  const { embedded, tanh, sigmoid, gated } = pass;
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
