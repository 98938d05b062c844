import {
  headerBytes,
  headerLength,
  headerStart,
  parseHeader,
  type HeaderEntry,
} from './safetensors-header.js';

/** One named array of a safetensors file. */
export interface NamedArray {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Uint8Array | Int32Array;
}

const dtypes = {
  F32: { bytes: 4, of: Float32Array },
  F64: { bytes: 8, of: Float64Array },
  I32: { bytes: 4, of: Int32Array },
  U8: { bytes: 1, of: Uint8Array },
} as const;
type Dtype = keyof typeof dtypes;

const dtypeOf = (data: NamedArray['data']): Dtype =>
  data instanceof Float32Array
    ? 'F32'
    : data instanceof Float64Array
      ? 'F64'
      : data instanceof Int32Array
        ? 'I32'
        : 'U8';

/**
 * Arrays as one safetensors file: an 8-byte header length, a JSON header, the raw little-endian data. Python
 * reads it with `safetensors.numpy.load_file`.
 */
export function writeSafetensors(arrays: Readonly<Record<string, NamedArray>>): Uint8Array {
  const entries: Record<string, HeaderEntry> = {};
  let end = 0;
  for (const [name, { shape, data }] of Object.entries(arrays)) {
    entries[name] = { dtype: dtypeOf(data), shape: [...shape], data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const header = headerBytes(entries);
  const file = new Uint8Array(header.length + end);
  file.set(header);
  let offset = header.length;
  for (const { data } of Object.values(arrays)) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return file;
}

/**
 * The arrays of a safetensors file, as copies.
 * @throws Error naming what violates the format.
 */
export function readSafetensors(file: Uint8Array): Record<string, NamedArray> {
  if (file.byteLength < headerStart)
    throw new Error('Not a safetensors file: shorter than its header length');
  const start = headerStart + headerLength(file);
  if (start > file.byteLength) throw new Error('Not a safetensors file: its header reaches past the end');
  const arrays: Record<string, NamedArray> = {};
  for (const [name, entry] of Object.entries(parseHeader(file.subarray(headerStart, start)))) {
    const type = dtypes[entry.dtype as Dtype] as (typeof dtypes)[Dtype] | undefined;
    if (!type) throw new Error(`Array "${name}" has the unsupported type ${entry.dtype}`);
    const [from, to] = entry.data_offsets;
    // `slice` of Uint8Array copies, so `data.buffer` holds only these bytes. `slice` of Buffer would return a view into
    // a larger allocation.
    const data = Uint8Array.prototype.slice.call(file, start + from, start + to);
    const count = entry.shape.reduce((product, side) => product * side, 1);
    if (data.byteLength !== to - from || data.byteLength !== count * type.bytes)
      throw new Error(`Array "${name}" does not have the size its header says`);
    arrays[name] = { shape: entry.shape, data: new type.of(data.buffer) };
  }
  return arrays;
}
