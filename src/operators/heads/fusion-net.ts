import { mlpSpecs, type Mlp } from '../tensor/mlp.js';
import {
  layoutOf,
  linearSpecs,
  type OutputLayer,
  type ParameterLayout,
  type ParameterSpec,
} from '../tensor/parameters.js';
import type { InputShape } from './head.js';

/**
 * The fusion network (method.md 6.1, 8): the vectors of the modalities, directly or through one linear map each, are
 * concatenated in fixed slots, with zeros for an absent or dropped modality. A two-layer network computes the outputs.
 * A single-table network is the case of one slot.
 */
export interface FusionNet {
  readonly inputs: readonly InputShape[];
  /** Width of the linear map P of each input. Null if its vectors enter without a map. */
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
  /** Number of outputs per patient, and their initial biases. */
  readonly output: OutputLayer;
}

export function fusionNetOf(options: FusionNetOptions): FusionNet {
  const { inputs, projected, hidden, activation, dropout, output } = options;
  const slots = inputs.map(({ width }, m) => projected[m] ?? width);
  const joined = slots.reduce((sum, slot) => sum + slot, 0);
  const mlp = { name: 'fusion', inputs: joined, hidden, outputs: output.outputs, activation };
  const layout = layoutOf([...mapSpecs(inputs, projected), ...mlpSpecs(mlp, output.startBiases)]);
  return { inputs, projected, slots, mlp, dropout, layout };
}

/** The arrays of the linear maps P in front of a head. */
export const mapSpecs = (
  inputs: readonly InputShape[],
  projected: readonly (number | null)[],
): readonly ParameterSpec[] =>
  inputs.flatMap(({ modality, width }, m) => {
    const to = projected[m] ?? null;
    return to === null ? [] : linearSpecs(mapName(modality), width, to, modality);
  });

export const mapName = (modality: string): string => `projection.${modality}`;

/** Name of the linear map P of each input. Null if there is none. */
export const mapNames = ({ inputs, projected }: FusionNet): readonly (string | null)[] =>
  inputs.map(({ modality }, m) => ((projected[m] ?? null) === null ? null : mapName(modality)));

/** Expands masks [B, M] to the widths of the slots, pass after pass: [passes * B, joined], 1 in open slots. */
export function openSlots(slots: readonly number[], masks: readonly Uint8Array[]): Float32Array {
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
