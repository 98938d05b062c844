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
  const header: Record<string, object> = {};
  let end = 0;
  for (const [name, { shape, data }] of Object.entries(arrays)) {
    header[name] = { dtype: dtypeOf(data), shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const text = JSON.stringify(header);
  // Readers map the data in place, so it starts on a multiple of eight; the format allows trailing spaces.
  const json = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 8) * 8));
  const file = new Uint8Array(8 + json.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  let offset = 8 + json.length;
  for (const { data } of Object.values(arrays)) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return file;
}

/** The arrays of a safetensors file, copied out of it. @throws Error naming what does not fit the format. */
export function readSafetensors(file: Uint8Array): Record<string, NamedArray> {
  if (file.byteLength < 8) throw new Error('Not a safetensors file: shorter than its header length');
  const headerLength = Number(new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true));
  if (headerLength > file.byteLength - 8)
    throw new Error('Not a safetensors file: its header reaches past the end');
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + headerLength))) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const arrays: Record<string, NamedArray> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const type = dtypes[entry.dtype as Dtype] as (typeof dtypes)[Dtype] | undefined;
    if (!type) throw new Error(`Array "${name}" has the unsupported type ${entry.dtype}`);
    const [from, to] = entry.data_offsets;
    // Not file.slice(): that of a Buffer gives a view into a larger allocation.
    const data = Uint8Array.prototype.slice.call(file, 8 + headerLength + from, 8 + headerLength + to);
    const count = entry.shape.reduce((product, side) => product * side, 1);
    if (data.byteLength !== to - from || data.byteLength !== count * type.bytes)
      throw new Error(`Array "${name}" does not have the size its header says`);
    arrays[name] = { shape: entry.shape, data: new type.of(data.buffer) };
  }
  return arrays;
}
