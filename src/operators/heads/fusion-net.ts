import * as tf from '@tensorflow/tfjs-core';
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
  type ParameterTensors,
} from '../tensor/parameters.js';
import { gatherRows, type ModalityInput } from '../stage2/modality-inputs.js';

/**
 * The network of a method (method.md 6.1, 8): modality vectors - as they are, or through one linear map each - side by
 * side in fixed slots, zero where a modality is absent or dropped, then a two-layer network to one logit. A single-table
 * network is the case of one slot.
 */
export interface FusionNet {
  readonly inputs: readonly ModalityInput[];
  /** Width of the linear maps P; null when the vectors enter as they are. */
  readonly projected: number | null;
  /** Width of each slot. */
  readonly slots: readonly number[];
  readonly mlp: Mlp;
  readonly dropout: number;
  readonly layout: ParameterLayout;
}

export interface FusionNetOptions {
  readonly inputs: readonly ModalityInput[];
  readonly projected: number | null;
  readonly hidden: number;
  readonly activation: 'relu' | 'none';
  readonly dropout: number;
}

export function fusionNetOf({ inputs, projected, hidden, activation, dropout }: FusionNetOptions): FusionNet {
  const slots = inputs.map(({ width }) => projected ?? width);
  const joined = slots.reduce((sum, slot) => sum + slot, 0);
  const mlp = { name: 'fusion', inputs: joined, hidden, outputs: 1, activation };
  const maps =
    projected === null
      ? []
      : inputs.flatMap(({ modality, width }) => linearSpecs(mapName(modality), width, projected));
  return { inputs, projected, slots, mlp, dropout, layout: layoutOf([...maps, ...mlpSpecs(mlp)]) };
}

const mapName = (modality: string): string => `projection.${modality}`;

/** Tensors of a forward pass over `passes` masks of the same B patients; rows are pass after pass. */
export type FusionPass = {
  /** Vectors of each modality before its linear map, [B, d_m]; empty without maps. */
  readonly vectors: tf.Tensor2D[];
  /** 1 in open slots, [passes * B, joined]. */
  readonly open: tf.Tensor2D;
  /** h, [passes * B, joined] */
  readonly joined: tf.Tensor2D;
  readonly dropout: tf.Tensor2D | undefined;
  readonly mlp: MlpPass;
};

/**
 * Logits of patients under one or two masks, `mlp.output` [passes * B, 1]. Call inside `tf.tidy`.
 *
 * @param masks [B, M] each: which slots are open
 * @param dropout inverted-dropout mask [passes * B, hidden] of a training pass, or null
 */
export function fusionForward(
  net: FusionNet,
  weights: ParameterTensors,
  patients: readonly number[],
  masks: readonly Uint8Array[],
  dropout: Float32Array | null,
): FusionPass {
  const rows = patients.length * masks.length;
  const vectors = net.inputs.map((input) =>
    tf.tensor2d(gatherRows(input, patients), [patients.length, input.width]),
  );
  const mapped =
    net.projected === null
      ? vectors
      : vectors.map((x, m) => {
          const name = mapName((net.inputs[m] as ModalityInput).modality);
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
  return { vectors: net.projected === null ? [] : vectors, open, joined, dropout: mask, mlp };
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

/** Hand-derived gradients of all parameters, given those of the logits [passes * B, 1]. Call inside `tf.tidy`. */
export function fusionBackward(
  net: FusionNet,
  weights: ParameterTensors,
  pass: FusionPass,
  dLogits: tf.Tensor2D,
): GradientTensors {
  const mlp = mlpBackward(net.mlp, weights, pass.joined, pass.dropout ?? null, pass.mlp, dLogits);
  if (net.projected === null) return mlp.parameters;
  const dJoined: tf.Tensor2D = tf.mul(mlpInputGradient(net.mlp, weights, mlp), pass.open);
  const count = (pass.vectors[0] as tf.Tensor2D).shape[0];
  // The linear maps ran once for all passes, so their gradients add up.
  const dSlots = tf.addN<tf.Tensor2D>(tf.split(dJoined, dJoined.shape[0] / count, 0));
  const maps = tf.split<tf.Tensor2D>(dSlots, [...net.slots], 1).map((dSlot, m) => {
    const name = mapName((net.inputs[m] as ModalityInput).modality);
    const { weight, bias } = denseGradients(pass.vectors[m] as tf.Tensor2D, dSlot);
    return { [`${name}.weight`]: weight, [`${name}.bias`]: bias };
  });
  return Object.assign(mlp.parameters, ...maps) as GradientTensors;
}
