import type * as tf from '@tensorflow/tfjs-core';
import type { Rng } from '../../pipeline/core/rng.js';
import { fillDropout } from '../tensor/dropout.js';
import { Scratch } from '../tensor/scratch.js';
import type { Target } from '../criteria/criterion.js';
import type { BagEncoder } from './bag-encoder.js';

/**
 * R rows of numbers, [R, columns]. An array on the host may be longer than R rows; a tensor on the device has exactly R
 * rows.
 */
export type RowArray = Float32Array | tf.Tensor2D;

/** The rows as an array in main memory, for backends that compute there. @throws Error for a tensor */
export function onHost(array: RowArray): Float32Array {
  if (array instanceof Float32Array) return array;
  throw new Error('The rows are on the device, and this backend has none');
}

/** Several concatenated bags (a pack), so that one large matrix product computes many small bags. */
export interface PackedBags {
  /** Instances, [R, width]. */
  readonly rows: RowArray;
  readonly width: number;
  /** Bag i is rows `offsets[i]` to `offsets[i+1]`. P bags have P + 1 offsets; the last one is R. */
  readonly offsets: readonly number[];
  /** P entries. */
  readonly targets: readonly Target[];
}

export const rowsOf = ({ offsets }: PackedBags): number => offsets.at(-1) ?? 0;

/** Splits `rows` rows into consecutive ranges [from, to) of at most `most` rows. */
export const blocksOf = (rows: number, most: number): readonly (readonly [from: number, to: number])[] =>
  Array.from({ length: Math.ceil(rows / most) }, (_, i) => [i * most, Math.min(rows, (i + 1) * most)]);

/**
 * Inverted-dropout masks of one pack: [R, d1] for the embedded vectors, and twice [R, d2] for the tanh and sigmoid
 * branches of the attention network (method.md 4.1). A mask is null if its dropout rate is zero.
 */
export interface EncoderMasks {
  readonly embed: Float32Array | null;
  readonly tanh: Float32Array | null;
  readonly sigmoid: Float32Array | null;
}

/**
 * Draws the masks bag after bag. So the packing does not change the masks of a bag.
 *
 * @param scratch memory of the masks; the next draw overwrites it
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

/** Target number of rows of a pack. The matrix products of larger packs are not faster. */
export const packRows = 4096;
/** Largest number of bags in a pack. The attention matrix is [bags, rows], so this bounds its memory. */
const packBagCount = 64;

/**
 * Splits a list of bags, given by their numbers of rows, into packs of consecutive bags with at most `mostRows` rows. A
 * larger bag is a pack of its own.
 *
 * @returns ranges [from, to) of the list
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
