import * as tf from '@tensorflow/tfjs-core';
import { layerNorm, layerNormSpecs } from '../heads/layer-norm.js';
import { dense } from '../tensor/dense.js';
import { linearSpecs, type ParameterSpec, type ParameterTensors } from '../tensor/parameters.js';

/** Widths of a cross-attention block. `heads` divides `width`. */
export interface BlockShape {
  readonly width: number;
  readonly heads: number;
}

/** The instances that the queries of P patients attend to. */
export interface Context {
  /** The tokens of the instances, bag after bag, [R, width]. */
  readonly tokens: tf.Tensor2D;
  /** Number of instances of each patient, P values. 0 if the bag is absent. */
  readonly sizes: readonly number[];
}

type Weights = Pick<ParameterTensors, 'matrix' | 'vector'>;

/**
 * Arrays of a block. Queries, keys and values have no bias, as in the Perceiver. A bias of the keys would not change
 * the softmax.
 */
export const blockSpecs = (name: string, { width }: BlockShape): readonly ParameterSpec[] => [
  ...layerNormSpecs(`${name}.queryNorm`, width),
  ...layerNormSpecs(`${name}.contextNorm`, width),
  ...['query', 'key', 'value'].map((map) => ({
    name: `${name}.${map}.weight`,
    shape: [width, width],
    fanIn: width,
  })),
  ...linearSpecs(`${name}.attended`, width, width),
  ...layerNormSpecs(`${name}.hiddenNorm`, width),
  ...linearSpecs(`${name}.hidden`, width, width),
  ...linearSpecs(`${name}.output`, width, width),
];

/**
 * Perceiver-style cross-attention (method.md 8.6): `q' = q + MHA(LN(q), LN(context))`, `q' + W2 gelu(W1 LN(q'))`. The queries of a
 * patient without instances stay unchanged. Call inside `tf.tidy`.
 *
 * @param queries [P * slots, width], patient after patient
 */
export function attend(
  weights: Weights,
  name: string,
  shape: BlockShape,
  queries: tf.Tensor2D,
  context: Context,
): tf.Tensor2D {
  const layer = (x: tf.Tensor2D, map: string): tf.Tensor2D =>
    dense(x, weights.matrix(`${name}.${map}.weight`), weights.vector(`${name}.${map}.bias`));
  const normed = layerNorm(weights, `${name}.queryNorm`, queries);
  const tokens = layerNorm(weights, `${name}.contextNorm`, context.tokens);
  const seen = attention(weights, name, shape, normed, { ...context, tokens });
  const attended: tf.Tensor2D = tf.add(queries, layer(seen, 'attended'));
  const hidden = gelu(layer(layerNorm(weights, `${name}.hiddenNorm`, attended), 'hidden'));
  const result: tf.Tensor2D = tf.add(attended, layer(hidden, 'output'));

  const slots = queries.shape[0] / context.sizes.length;
  const has = tf.tensor2d(
    context.sizes.flatMap((size) => new Array<number>(slots).fill(size > 0 ? 1 : 0)),
    [queries.shape[0], 1],
  );
  return tf.add(tf.mul(result, has), tf.mul(queries, tf.sub(1, has)));
}

/**
 * Multi-head attention of each patient's queries to the patient's own instances. Keys and values are not computed,
 * because it would cost more: with `k = x Wk` and `v = x Wv` without bias, `q k^T = (q Wk^T) x^T` and `A v = (A x) Wv`.
 * `q Wk^T` and `A x` have a few rows per patient, while keys and values would have one row per instance.
 */
function attention(
  weights: Weights,
  name: string,
  { width, heads }: BlockShape,
  queries: tf.Tensor2D,
  { tokens, sizes }: Context,
): tf.Tensor2D {
  const rows = queries.shape[0];
  const perHead = (map: string): tf.Tensor2D[] =>
    tf.split<tf.Tensor2D>(weights.matrix(`${name}.${map}.weight`), heads, 1);
  const own = tf.split<tf.Tensor2D>(tf.matMul(queries, weights.matrix(`${name}.query.weight`)), heads, 1);
  const keys = perHead('key');
  const scaled = own.map((q, h): tf.Tensor2D => tf.matMul(q, keys[h] as tf.Tensor2D, false, true));
  const probes: tf.Tensor2D = tf.reshape(tf.mul(tf.concat2d(scaled, 1), 1 / Math.sqrt(width / heads)), [
    rows * heads,
    width,
  ]);

  const perPatient = (rows * heads) / sizes.length;
  const groups = groupsOf(sizes);
  const [asking, asked] = [
    tf.split<tf.Tensor2D>(
      probes,
      groups.map((group) => group.length * perPatient),
      0,
    ),
    tf.split<tf.Tensor2D>(
      tokens,
      groups.map((group) => totalOf(group)),
      0,
    ),
  ];
  const pooled = groups.map((group, i): tf.Tensor2D => {
    const [probe, bags] = [asking[i] as tf.Tensor2D, asked[i] as tf.Tensor2D];
    const scores: tf.Tensor2D = tf.matMul(probe, bags, false, true);
    const own = group.length === 1 ? scores : tf.add<tf.Tensor2D>(scores, fence(group, perPatient));
    return tf.matMul(tf.softmax(own), bags);
  });
  const byHead = tf.split<tf.Tensor2D>(tf.reshape(tf.concat2d(pooled, 0), [rows, heads * width]), heads, 1);
  const values = perHead('value');
  return tf.concat2d(
    byHead.map((x, h): tf.Tensor2D => tf.matMul(x, values[h] as tf.Tensor2D)),
    1,
  );
}

/**
 * Maximum number of instances of bags that share a group: enough for an efficient product, and few enough that little
 * work is wasted on pairs of different patients.
 */
const groupRows = 64;

const totalOf = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0);

/**
 * Groups of consecutive patients whose queries are computed in one product. A group lists its patients' numbers of
 * instances. Small bags share a group, and a large bag has its own. A patient without instances joins a group, so every
 * group has instances.
 */
function groupsOf(sizes: readonly number[]): readonly (readonly number[])[] {
  const groups: number[][] = [[]];
  for (const size of sizes) {
    const last = groups.at(-1) as number[];
    const full = size > 0 && totalOf(last) > 0 && totalOf(last) + size > groupRows;
    if (full) groups.push([size]);
    else last.push(size);
  }
  return groups;
}

/**
 * A matrix to add to the attention scores of a group: 0 for a patient's own instances, and for the instances of other
 * patients a value so low that their attention is 0.
 */
function fence(sizes: readonly number[], perPatient: number): tf.Tensor2D {
  const rows = totalOf(sizes);
  const values = new Float32Array(sizes.length * perPatient * rows).fill(-1e9);
  let from = 0;
  sizes.forEach((size, patient) => {
    for (let query = patient * perPatient; query < (patient + 1) * perPatient; query++)
      values.fill(0, query * rows + from, query * rows + from + size);
    from += size;
  });
  return tf.tensor2d(values, [sizes.length * perPatient, rows]);
}

/** `x Phi(x)`, where Phi is the normal distribution function. */
const gelu = (x: tf.Tensor2D): tf.Tensor2D =>
  tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
