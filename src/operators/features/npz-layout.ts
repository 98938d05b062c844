import { foreign } from './foreign.js';
import type { MemoryBudget } from './memory-budget.js';
import { shapeText, squeezed, type StoredArray } from './stored-array.js';

/**
 * How the arrays of a file with several arrays hold their instances (method.md 2.7): one vector, a matrix, or joined tile vectors.
 */
export type NpzLayout = 'vector' | 'rows' | 'joined';

export interface NpzInstances {
  readonly layout: NpzLayout;
  /** The instances, [rows, width], stored row by row. */
  readonly values: Float32Array;
}

/**
 * Finds a single tile in the middle of a vector for several tiles, with zeros on both sides. HANCOCK pads to the full length at both
 * ends: with one tile of 256 values in a vector of 512 there are 128 zeros, the tile, 128 zeros. Two real tiles do not look like
 * this, because the first would begin, and the second end, with exact zeros.
 */
function centredTile(joined: Float32Array, width: number): Float32Array | null {
  const pad = (joined.length - width) / 2;
  if (!Number.isInteger(pad)) return null;
  const isPadding = (value: number): boolean => value === 0;
  const zeros = joined.subarray(0, pad).every(isPadding) && joined.subarray(pad + width).every(isPadding);
  return zeros ? joined.subarray(pad, pad + width) : null;
}

/**
 * The instances of one array, where w is the width of an instance: `[w]` is one instance, `[n, w]` and `[1, n, w]` are
 * n instances, and a vector longer than w is the instances of several tiles, joined.
 * @throws HafError `HAF_FEATURES_INVALID` for any other shape, and if it holds no floating-point numbers
 */
export function instancesOf(array: StoredArray, width: number, budget: MemoryBudget): NpzInstances {
  const { shape, type, float } = array;
  if (!float)
    throw foreign(`its numbers are "${type}"; floating-point numbers are expected`, 'Convert it to float32.');
  budget.take(shape, array.name);
  const sides = squeezed(shape);
  const last = sides.at(-1);
  const length = sides.reduce((product, side) => product * side, 1);
  if (sides.length === 2 && (last === width || length === 0)) return { layout: 'rows', values: array.read() };
  if (sides.length === 1 && length === 0) return { layout: 'rows', values: array.read() };
  if (sides.length === 1 && last === width) return { layout: 'vector', values: array.read() };
  if (sides.length === 1 && length % width === 0) {
    const values = array.read();
    return { layout: 'joined', values: centredTile(values, width) ?? values };
  }
  throw foreign(
    `its shape is ${shapeText(shape)}; [${width}], [n, ${width}] or a multiple of ${width} is expected`,
    'Set the width of this modality to the length of one instance, or extract the features again.',
  );
}
