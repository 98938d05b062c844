import * as tf from '@tensorflow/tfjs-core';
import type { Config } from '../../pipeline/config/schema.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Rng } from '../../pipeline/core/rng.js';
import type { InputShape } from '../heads/head.js';
import type { LinearMap } from '../stage1/instance-map.js';
import { dense } from '../tensor/dense.js';
import {
  initialParameters,
  layoutOf,
  linearSpecs,
  outputSpecs,
  partOf,
  type OutputLayer,
  type ParameterLayout,
  type ParameterTensors,
} from '../tensor/parameters.js';
import { attend, blockSpecs, type BlockShape, type Context } from './cross-attention.js';

export interface MfmfOptions extends BlockShape {
  /** Tables whose vectors are the query tokens. */
  readonly tables: readonly InputShape[];
  /** Length of one instance of each bag modality. */
  readonly bags: Partial<Record<ModalityId, number>>;
  /** The bags that the query tokens attend to, with one block for each bag. */
  readonly sequence: readonly ModalityId[];
  readonly output: OutputLayer;
  /** Random stream to draw the token maps from if they are never trained. Null if they are learned. */
  readonly frozen: Rng | null;
}

/**
 * MFMF (method.md 8.6). A patient has one query token for each observed table, or one learned query token if there is
 * no table. The query tokens attend to the instances of one bag after another. A linear layer on the mean of the query
 * tokens gives the outputs.
 */
export interface Mfmf extends MfmfOptions {
  readonly layout: ParameterLayout;
  /** Token maps that are not trained. */
  readonly fixed: { readonly layout: ParameterLayout; readonly values: Float32Array } | null;
}

const mapName = (modality: string): string => `token.${modality}`;
const blockName = (position: number, modality: ModalityId): string => `block.${position + 1}.${modality}`;

export function mfmfOf(options: MfmfOptions): Mfmf {
  const { tables, bags, sequence, output, frozen, width } = options;
  const sources = [
    ...tables.map(({ modality, width: read }) => [modality, read] as const),
    ...Object.entries(bags),
  ];
  const maps = sources.flatMap(([modality, read]) =>
    linearSpecs(mapName(modality), read ?? 0, width, modality),
  );
  const learned = [
    { name: 'query', shape: [1, width], fanIn: width },
    ...sequence.flatMap((modality, position) => blockSpecs(blockName(position, modality), options)),
    ...outputSpecs('output', width, output),
  ];
  if (frozen === null) return { ...options, layout: layoutOf([...maps, ...learned]), fixed: null };
  const layout = layoutOf(maps);
  return {
    ...options,
    layout: layoutOf(learned),
    fixed: { layout, values: initialParameters(layout, frozen) },
  };
}

/** The network for an experiment: token width 128, 8 attention heads (method.md 8.6). */
export const mfmfNet = (
  {
    config,
    rng,
    ...read
  }: Pick<MfmfOptions, 'tables' | 'bags' | 'sequence'> & {
    readonly config: Pick<Config, 'mfmf'>;
    readonly rng: (purpose: string) => Rng;
  },
  output: OutputLayer,
): Mfmf =>
  mfmfOf({
    ...{ ...read, output, width: 128, heads: 8 },
    frozen: config.mfmf.projection === 'frozenRandom' ? rng('frozen') : null,
  });

/** The arrays that process the bags of one modality and no other data: its token map and its attention blocks. */
export const arraysOf = ({ layout, sequence }: Mfmf, modality: ModalityId): readonly string[] => {
  const own = [mapName(modality), ...sequence.map((_, position) => blockName(position, modality))];
  return layout.entries
    .map(({ name }) => name)
    .filter((name) => own.some((part) => name.startsWith(`${part}.`)));
};

/**
 * The arrays that decide where the queries attend in the bags of a modality. If a bag has one instance, the attention
 * of this instance is always 1, so these arrays have no effect.
 */
export const lookingArrays = (net: Mfmf, modality: ModalityId): readonly string[] =>
  arraysOf(net, modality).filter((name) => /\.(queryNorm|query|key)\.(weight|bias)$/.test(name));

/** The inputs of the network for P patients. */
export interface MfmfGroup {
  /** P */
  readonly patients: number;
  /** Vectors of each table, [P, d_m]. The vector of a patient without the table is zero. */
  readonly vectors: readonly tf.Tensor2D[];
  /** 1 if the patient has the table, [P, tables]. */
  readonly observed: Uint8Array;
  /** Tokens of the instances, for the bags that at least one of the patients has. */
  readonly bags: Partial<Record<ModalityId, Context>>;
}

/** Outputs of P patients, [P, outputs]. Call inside `tf.tidy`. */
export function mfmfForward(net: Mfmf, weights: ParameterTensors, group: MfmfGroup): tf.Tensor2D {
  const { width, tables } = net;
  const { patients } = group;
  const slots = tables.length + 1;
  const own = group.vectors.map((x, m) => tableTokens(net, weights, tables[m]?.modality ?? '', x));
  const query: tf.Tensor2D = tf.matMul(tf.ones([patients, 1]), weights.matrix('query'));
  let tokens: tf.Tensor2D = tf.reshape(tf.concat2d([...own, query], 1), [patients * slots, width]);
  net.sequence.forEach((modality, position) => {
    const context = group.bags[modality];
    if (context === undefined) return;
    tokens = attend(weights, blockName(position, modality), net, tokens, context);
  });
  const mean: tf.Tensor2D = tf.matMul(openMean(group, slots), tokens);
  return dense(mean, weights.matrix('output.weight'), weights.vector('output.bias'));
}

/** The token map of a modality as flat arrays, trained or not. */
export function tokenMap({ layout, fixed }: Mfmf, parameters: Float32Array, modality: string): LinearMap {
  const [of, values] = fixed === null ? [layout, parameters] : [fixed.layout, fixed.values];
  const name = mapName(modality);
  return { weight: partOf(of, values, `${name}.weight`), bias: partOf(of, values, `${name}.bias`) };
}

/** The names of the two arrays of a modality's token map: its weight and its bias. */
export const tokenMapNames = (modality: string): Readonly<Record<keyof LinearMap, string>> => ({
  weight: `${mapName(modality)}.weight`,
  bias: `${mapName(modality)}.bias`,
});

/** The tokens of a table, [P, width], computed from its vectors. */
function tableTokens(net: Mfmf, weights: ParameterTensors, modality: string, x: tf.Tensor2D): tf.Tensor2D {
  const { weight, bias } = tokenMapNames(modality);
  if (net.fixed === null) return dense(x, weights.matrix(weight), weights.vector(bias));
  const map = tokenMap(net, weights.values, modality);
  return dense(x, tf.tensor2d(map.weight, [x.shape[1], net.width]), tf.tensor1d(map.bias));
}

/**
 * A matrix [P, P * slots] that computes the mean of the tokens of each patient: those of the observed tables or, if the
 * patient has no table, the learned token.
 */
function openMean({ observed, patients }: MfmfGroup, slots: number): tf.Tensor2D {
  const tables = slots - 1;
  const shares = new Float32Array(patients * patients * slots);
  for (let patient = 0; patient < patients; patient++) {
    const own = observed.subarray(patient * tables, (patient + 1) * tables);
    const open = own.reduce((sum, is) => sum + is, 0);
    const at = patient * (patients * slots) + patient * slots;
    own.forEach((is, m) => (shares[at + m] = is === 1 ? 1 / open : 0));
    if (open === 0) shares[at + tables] = 1;
  }
  return tf.tensor2d(shares, [patients, patients * slots]);
}
