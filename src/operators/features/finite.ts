import { foreign } from './foreign.js';

export type OnNonFinite = 'error' | 'drop';

export interface InstanceRows {
  /** The instances, [rows, width]. */
  readonly values: Float32Array;
  /** The coordinates of the instances, [rows, 2]. Null if there are none. */
  readonly coords: Float32Array | null;
}

/** Rows with a value that is NaN or infinite, and the number of such values. */
function nonFinite(values: Float32Array, width: number): { readonly rows: readonly number[]; count: number } {
  const rows: number[] = [];
  let count = 0;
  for (let start = 0; start < values.length; start += width) {
    let sum = 0;
    // A finite value times zero is zero. NaN and infinite values times zero are NaN. So the sum is zero only if all
    // values are finite.
    for (let i = start; i < start + width; i++) sum += (values[i] as number) * 0;
    if (sum === 0) continue;
    rows.push(start / width);
    for (let i = start; i < start + width; i++) if (!Number.isFinite(values[i])) count++;
  }
  return { rows, count };
}

/** The values without the listed rows, moved up within the same memory. */
function without(rows: ReadonlySet<number>, values: Float32Array, width: number): Float32Array {
  let kept = 0;
  for (let row = 0; row * width < values.length; row++) {
    if (rows.has(row)) continue;
    if (kept !== row) values.copyWithin(kept * width, row * width, (row + 1) * width);
    kept++;
  }
  return values.subarray(0, kept * width);
}

/**
 * Keeps instances with finite values only. If `onNonFinite` is `drop`, the other instances are removed with their
 * coordinates, and their number is `dropped`.
 * @throws HafError `HAF_FEATURES_INVALID` if `onNonFinite` is `error` and a value is not finite. The error names the
 * number of such values and the first row with one
 */
export function finiteOnly(
  { values, coords }: InstanceRows,
  width: number,
  place: string,
  onNonFinite: OnNonFinite,
): InstanceRows & { readonly dropped: number } {
  const { rows, count } = nonFinite(values, width);
  const [first] = rows;
  if (first === undefined) return { values, coords, dropped: 0 };
  if (onNonFinite === 'error')
    throw foreign(
      `${count} value${count === 1 ? ' is' : 's are'} NaN or infinite, first in row ${first} (counted from 0)`,
      'Extract the features of this image again, or set embed.onNonFinite: drop to leave these rows out.',
      place,
    );
  const bad = new Set(rows);
  return {
    values: without(bad, values, width),
    coords: coords === null ? null : without(bad, coords, 2),
    dropped: rows.length,
  };
}
