import { zipSync, type Zippable } from 'fflate';

/** A float32 array to be stored. */
export interface NpzArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The elements of an array start at a multiple of this number of bytes, as in NumPy. */
const alignment = 64;
const prefix = Uint8Array.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
/**
 * The earliest date that a zip archive can store. A zip archive stores local time. So the text has no time zone, and
 * all machines store the same bytes.
 */
const mtime = '1980-01-01T00:00:00';

/** An array as a .npy file, version 1.0, C order. */
export function npyBytes({ shape, data }: NpzArray): Uint8Array {
  const sides = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${sides}), }`;
  const used = prefix.length + 2 + text.length + 1;
  const header = text + ' '.repeat((alignment - (used % alignment)) % alignment) + '\n';
  const start = prefix.length + 2 + header.length;
  const file = new Uint8Array(start + data.byteLength);
  file.set(prefix);
  new DataView(file.buffer).setUint16(prefix.length, header.length, true);
  file.set(new TextEncoder().encode(header), prefix.length + 2);
  file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
  return file;
}

/** Arrays by key as one compressed .npz, with the same bytes in every run. */
export function npzBytes(arrays: ReadonlyMap<string, NpzArray>): Uint8Array {
  const members: Zippable = {};
  for (const [key, array] of arrays) members[`${key}.npy`] = [npyBytes(array), { level: 1, mtime }];
  return zipSync(members);
}
