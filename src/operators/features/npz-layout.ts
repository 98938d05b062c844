import { foreign } from './foreign.js';
import type { MemoryBudget } from './memory-budget.js';
import { shapeText, squeezed, type StoredArray } from './stored-array.js';

/** How the arrays of a file of several hold their instances (method.md 2.7): one vector, a matrix, joined tile vectors. */
export type NpzLayout = 'vector' | 'rows' | 'joined';

export interface NpzInstances {
  readonly layout: NpzLayout;
  /** [rows, width], row after row. */
  readonly values: Float32Array;
}

/**
 * A single tile in the middle of slots for several, with zeros on both sides: HANCOCK pads to the full length
 * from both ends, so a patient with one tile of 256 in 512 slots has 128 zeros, the tile, 128 zeros. Two real
 * tiles never look like this: the first would begin, and the second end, with exact zeros.
 */
function centredTile(joined: Float32Array, width: number): Float32Array | null {
  const pad = (joined.length - width) / 2;
  if (!Number.isInteger(pad)) return null;
  const isPadding = (value: number): boolean => value === 0;
  const zeros = joined.subarray(0, pad).every(isPadding) && joined.subarray(pad + width).every(isPadding);
  return zeros ? joined.subarray(pad, pad + width) : null;
}

/**
 * The instances of one array of several: `[w]` is one, `[n, w]` and `[1, n, w]` are n, and a longer vector is as many
 * joined tiles as fit.
 * @throws HafError `HAF_FEATURES_INVALID` when the shape fits none of these, or it holds no floating-point numbers
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
