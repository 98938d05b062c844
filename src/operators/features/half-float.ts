/** IEEE 754 binary16 bits as a number. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * The float32 value of every float16 bit pattern. With this lookup table, a bag of a hundred million values takes a
 * fraction of a second.
 */
const halfValues = Float32Array.from({ length: 65_536 }, (_, bits) => halfToNumber(bits));

/**
 * Converts float16 bits to float32 exactly. `halves` may be the second half of the memory of `target`: each value is
 * read before its memory is overwritten.
 */
export function halvesToFloats(halves: Uint16Array, target: Float32Array): void {
  for (let i = 0; i < halves.length; i++) target[i] = halfValues[halves[i] as number] as number;
}

/** Rounds float32 bits to binary16 bits: to the nearest, ties to even. Values that are too large become infinite. */
function roundToHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fff_ffff;
  if (magnitude > 0x7f80_0000) return sign | 0x7e00;
  if (magnitude >= 0x4780_0000) return sign | 0x7c00; // 65536 and more become infinite
  if (magnitude >= 0x3880_0000)
    // Magnitudes of 2^-14 and more. Rounding may carry into the exponent. The result is then the next power of two, or
    // infinity, which is correct.
    return sign | ((magnitude - 0x3800_0000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  if (magnitude <= 0x3300_0000) return sign; // at most 2^-25, half of the smallest half: becomes 0
  const fraction = (magnitude & 0x7f_ffff) | 0x80_0000;
  const dropped = 126 - (magnitude >>> 23);
  return sign | ((fraction + (1 << (dropped - 1)) - 1 + ((fraction >>> dropped) & 1)) >>> dropped);
}

/** Converts float32 values to halves, rounded to the nearest, ties to even. */
export function floatsToHalves(values: Float32Array, target: Uint16Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) target[i] = roundToHalf(bits[i] as number);
}

/** The smallest magnitude that becomes infinite as a half. The largest half is 65504. */
export const halfOverflow = 65_520;
