import { halvesToFloats } from './half-float.js';

type TypedArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

interface TypedArrays {
  new (buffer: ArrayBuffer, byteOffset: number, length: number): TypedArray;
  readonly BYTES_PER_ELEMENT: number;
}

/** Array types for the numbers of a file. float16 and bfloat16 are first read as 16-bit patterns. */
const arrays = {
  float16: Uint16Array,
  bfloat16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
} as const satisfies Record<string, TypedArrays>;

/** A little-endian number type. */
export type NumberType = keyof typeof arrays;

export const bytesOfType = (type: NumberType): number => arrays[type].BYTES_PER_ELEMENT;
export const isFloatType = (type: NumberType): boolean => type.includes('float');

/** A bfloat16 is the upper half of a float32. */
function bfloatsToFloats(bits: Uint16Array, target: Float32Array): void {
  const words = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let i = 0; i < bits.length; i++) words[i] = (bits[i] as number) << 16;
}

/**
 * Converts little-endian numbers to float32. float64 is rounded, and integers are exact up to 2^24. float32 bytes at an
 * offset that is a multiple of four are not copied, so the result may share the memory of `bytes`.
 */
export function toFloat32(bytes: Uint8Array, type: NumberType): Float32Array {
  const size = bytesOfType(type);
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  const numbers: TypedArray = new arrays[type](
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    Math.floor(bytes.length / size),
  );
  if (numbers instanceof Float32Array) return numbers;
  const values = new Float32Array(numbers.length);
  if (numbers instanceof BigInt64Array || numbers instanceof BigUint64Array)
    for (let i = 0; i < numbers.length; i++) values[i] = Number(numbers[i]);
  else if (type === 'float16') halvesToFloats(numbers as Uint16Array, values);
  else if (type === 'bfloat16') bfloatsToFloats(numbers as Uint16Array, values);
  else values.set(numbers);
  return values;
}
