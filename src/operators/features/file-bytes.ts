import { readSync } from 'node:fs';
import { foreign } from './foreign.js';

/**
 * Reads bytes of an open file.
 * @throws HafError `HAF_FEATURES_INVALID` if the file ends earlier
 */
export function bytesAt(file: number, start: number, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  for (let done = 0; done < count;) {
    const read = readSync(file, bytes, done, count - done, start + done);
    if (read === 0) throw foreign('it is cut off', 'Copy or download it again.');
    done += read;
  }
  return bytes;
}
