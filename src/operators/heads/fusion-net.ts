import * as tf from '@tensorflow/tfjs-core';
import { gatherRows, type ModalityInput } from '../stage2/modality-inputs.js';
import { dense, denseGradients } from '../tensor/dense.js';
import {
  mlpBackward,
  mlpForward,
  mlpInputGradient,
  mlpSpecs,
  type Mlp,
  type MlpPass,
} from '../tensor/mlp.js';
import {
  layoutOf,
  linearSpecs,
  type GradientTensors,
  type ParameterLayout,
  type ParameterSpec,
  type ParameterTensors,
} from '../tensor/parameters.js';
import type { InputShape } from './head.js';

/**
 * The fusion network (method.md 6.1, 8): modality vectors - as they are, or through one linear map each - side by side in
 * fixed slots, zero where a modality is absent or dropped, then a two-layer network to one or two logits. A single-table
 * network is the case of one slot.
 */
export interface FusionNet {
  readonly inputs: readonly InputShape[];
  /** Width of the linear map P of each input; null where its vectors enter as they are. */
  readonly projected: readonly (number | null)[];
  /** Width of each slot. */
  readonly slots: readonly number[];
  readonly mlp: Mlp;
  readonly dropout: number;
  readonly layout: ParameterLayout;
}

export interface FusionNetOptions {
  readonly inputs: readonly InputShape[];
  readonly projected: readonly (number | null)[];
  readonly hidden: number;
  readonly activation: 'relu' | 'none';
  readonly dropout: number;
  readonly logits: 1 | 2;
}

export function fusionNetOf(options: FusionNetOptions): FusionNet {
  const { inputs, projected, hidden, activation, dropout, logits } = options;
  const slots = inputs.map(({ width }, m) => projected[m] ?? width);
  const joined = slots.reduce((sum, slot) => sum + slot, 0);
  const mlp = { name: 'fusion', inputs: joined, hidden, outputs: logits, activation };
  const layout = layoutOf([...mapSpecs(inputs, projected), ...mlpSpecs(mlp)]);
  return { inputs, projected, slots, mlp, dropout, layout };
}

/** The arrays of the linear maps P in front of a head. */
export const mapSpecs = (
  inputs: readonly InputShape[],
  projected: readonly (number | null)[],
): readonly ParameterSpec[] =>
  inputs.flatMap(({ modality, width }, m) => {
    const to = projected[m] ?? null;
    return to === null ? [] : linearSpecs(mapName(modality), width, to);
  });

export const mapName = (modality: string): string => `projection.${modality}`;

/** Tensors of a forward pass over `passes` masks of the same B patients; rows are pass after pass. */
export type FusionPass = {
  /** Vectors of each modality before its linear map, [B, d_m]. */
  readonly vectors: tf.Tensor2D[];
  /** 1 in open slots, [passes * B, joined]. */
  readonly open: tf.Tensor2D;
  /** h, [passes * B, joined] */
  readonly joined: tf.Tensor2D;
  readonly dropout: tf.Tensor2D | undefined;
  readonly mlp: MlpPass;
};

/**
 * Logits of patients under one or two masks, `mlp.output` [passes * B, logits]. Call inside `tf.tidy`.
 *
 * @param masks [B, M] each: which slots are open
 * @param dropout inverted-dropout mask [passes * B, hidden] of a training pass, or null
 */
export function fusionForward(
  net: FusionNet,
  weights: ParameterTensors,
  inputs: readonly ModalityInput[],
  patients: readonly number[],
  masks: readonly Uint8Array[],
  dropout: Float32Array | null,
): FusionPass {
  const rows = patients.length * masks.length;
  const vectors = inputs.map((input) =>
    tf.tensor2d(gatherRows(input, patients), [patients.length, input.width]),
  );
  const mapped = vectors.map((x, m) => {
    if ((net.projected[m] ?? null) === null) return x;
    const name = mapName((net.inputs[m] as InputShape).modality);
    return dense(x, weights.matrix(`${name}.weight`), weights.vector(`${name}.bias`));
  });
  const slots = mapped.length === 1 ? (mapped[0] as tf.Tensor2D) : tf.concat2d(mapped, 1);
  const open = tf.tensor2d(openSlots(net.slots, masks), [rows, net.mlp.inputs]);
  const repeated =
    masks.length === 1
      ? slots
      : tf.concat2d(
          masks.map(() => slots),
          0,
        );
  const joined: tf.Tensor2D = tf.mul(repeated, open);
  const mask = dropout === null ? undefined : tf.tensor2d(dropout, [rows, net.mlp.hidden]);
  const mlp = mlpForward(net.mlp, weights, joined, mask ?? null);
  return { vectors, open, joined, dropout: mask, mlp };
}

/** Masks [B, M] spread over the widths of the slots, one after the other. */
function openSlots(slots: readonly number[], masks: readonly Uint8Array[]): Float32Array {
  const joined = slots.reduce((sum, slot) => sum + slot, 0);
  const rows = masks.reduce((sum, mask) => sum + mask.length / slots.length, 0);
  const open = new Float32Array(rows * joined);
  let at = 0;
  for (const mask of masks)
    mask.forEach((isOpen, position) => {
      const width = slots[position % slots.length] as number;
      if (isOpen === 1) open.fill(1, at, at + width);
      at += width;
    });
  return open;
}

/** Gradients of a pass. */
export interface FusionGradients {
  readonly parameters: GradientTensors;
  /** With respect to the vectors of each modality, [B, d_m]; null when not asked for. */
  readonly inputs: readonly tf.Tensor2D[] | null;
}

/**
 * Hand-derived gradients of all parameters, and of the vectors when asked for, given those of the outputs
 * [passes * B, logits]. Call inside `tf.tidy`.
 */
export function fusionBackward(
  net: FusionNet,
  weights: ParameterTensors,
  pass: FusionPass,
  dOutputs: tf.Tensor2D,
  inputGradients: boolean,
): FusionGradients {
  const mlp = mlpBackward(net.mlp, weights, pass.joined, pass.dropout ?? null, pass.mlp, dOutputs);
  const maps = net.projected.some((to) => to !== null);
  if (!maps && !inputGradients) return { parameters: mlp.parameters, inputs: null };
  const dJoined: tf.Tensor2D = tf.mul(mlpInputGradient(net.mlp, weights, mlp), pass.open);
  const count = (pass.vectors[0] as tf.Tensor2D).shape[0];
  // The vectors entered once for all passes, so their gradients add up.
  const dJoinedOnce = tf.addN<tf.Tensor2D>(tf.split(dJoined, dJoined.shape[0] / count, 0));
  const dSlots = tf.split<tf.Tensor2D>(dJoinedOnce, [...net.slots], 1);
  const parameters = { ...mlp.parameters };
  const inputs = dSlots.map((dSlot, m) => {
    if ((net.projected[m] ?? null) === null) return dSlot;
    const name = mapName((net.inputs[m] as InputShape).modality);
    const { weight, bias } = denseGradients(pass.vectors[m] as tf.Tensor2D, dSlot);
    parameters[`${name}.weight`] = weight;
    parameters[`${name}.bias`] = bias;
    return inputGradients
      ? tf.matMul<tf.Tensor2D>(dSlot, weights.matrix(`${name}.weight`), false, true)
      : dSlot;
  });
  return { parameters, inputs: inputGradients ? inputs : null };
}
