import type * as tf from '@tensorflow/tfjs-core';
import type { Rng } from '../../pipeline/core/rng.js';
import { fillDropout } from '../tensor/dropout.js';
import { Scratch } from '../tensor/scratch.js';
import type { Target } from '../criteria/criterion.js';
import type { BagEncoder } from './bag-encoder.js';

/** Rows of numbers, [R, columns]: at least so many of them on the host, or exactly these on the device. */
export type RowArray = Float32Array | tf.Tensor2D;

/** For backends that compute where the arrays lie. */
export function onHost(array: RowArray): Float32Array {
  if (array instanceof Float32Array) return array;
  throw new Error('The rows are on the device, and this backend has none');
}

/** Several bags laid end to end, so that one large product serves many small bags. */
export interface PackedBags {
  /** Instances, [R, width]. */
  readonly rows: RowArray;
  readonly width: number;
  /** Bag i is rows `offsets[i]` to `offsets[i+1]`; P + 1 entries, the last one is R. */
  readonly offsets: readonly number[];
  /** P entries. */
  readonly targets: readonly Target[];
}

export const rowsOf = ({ offsets }: PackedBags): number => offsets.at(-1) ?? 0;

/** Consecutive [from, to) of `rows` rows, `most` at a time. */
export const blocksOf = (rows: number, most: number): readonly (readonly [from: number, to: number])[] =>
  Array.from({ length: Math.ceil(rows / most) }, (_, i) => [i * most, Math.min(rows, (i + 1) * most)]);

/** Inverted-dropout masks of one pack: [R, d1], [R, d2], [R, d2]; null where the rate is zero. */
export interface EncoderMasks {
  readonly embed: Float32Array | null;
  readonly tanh: Float32Array | null;
  readonly sigmoid: Float32Array | null;
}

/**
 * Draws the masks bag after bag, so that how bags are packed never changes what a bag gets.
 *
 * @param scratch holds them until the next draw
 */
export function drawMasks(
  pack: PackedBags,
  encoder: BagEncoder,
  rng: Rng,
  scratch = new Scratch(),
): EncoderMasks {
  const rows = rowsOf(pack);
  const { hidden, attention, dropout, attentionDropout } = encoder;
  const masks = [
    { name: 'mask.embed', width: hidden, rate: dropout },
    { name: 'mask.tanh', width: attention, rate: attentionDropout },
    { name: 'mask.sigmoid', width: attention, rate: attentionDropout },
  ].map(({ name, width, rate }) => {
    const values = rate > 0 ? scratch.floats(name, rows * width) : null;
    return { width, rate, values };
  });
  for (let bag = 0; bag < pack.targets.length; bag++) {
    const [from, to] = [pack.offsets[bag] as number, pack.offsets[bag + 1] as number];
    for (const { width, rate, values } of masks)
      if (values !== null) fillDropout(values.subarray(from * width, to * width), rate, rng);
  }
  const [embed, tanh, sigmoid] = masks.map(({ values }) => values);
  return { embed: embed ?? null, tanh: tanh ?? null, sigmoid: sigmoid ?? null };
}

/** Rows worth multiplying at once: more gain nothing, and small bags fill a pack up to here. */
export const packRows = 4096;
/** The attention matrix of a pack is [bags, rows], so their number is bounded too. */
const packBagCount = 64;

/**
 * Splits bags, given by their sizes in rows, into runs to pack: consecutive ones up to `mostRows` rows, a larger
 * one alone. Returns [from, to) pairs.
 */
export function packRuns(
  sizes: readonly number[],
  mostRows = packRows,
): readonly (readonly [from: number, to: number])[] {
  const runs: [number, number][] = [];
  let from = 0;
  let rows = 0;
  sizes.forEach((size, index) => {
    if (index > from && (rows + size > mostRows || index - from === packBagCount)) {
      runs.push([from, index]);
      [from, rows] = [index, 0];
    }
    rows += size;
  });
  if (sizes.length > from) runs.push([from, sizes.length]);
  return runs;
}
