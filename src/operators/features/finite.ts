import { foreign } from './foreign.js';

/** @throws HafError `HAF_FEATURES_INVALID` with the number of NaN and infinite values and the first row that has one. */
export function assertFinite(values: Float32Array, width: number, place: string): void {
  let count = 0;
  let first = -1;
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    if (count === 0) first = Math.floor(i / width);
    count++;
  }
  if (count > 0)
    throw foreign(
      `${count} value${count === 1 ? ' is' : 's are'} NaN or infinite, first in row ${first} (counted from 0)`,
      'Extract the features of this image again.',
      place,
    );
}
