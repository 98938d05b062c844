import type { Rng } from '../../pipeline/core/rng.js';

const levels = 0x1_0000;
/** Draws at a time; two elements each. */
const drawn = new Uint32Array(2048);

/**
 * Fills `mask` with an inverted-dropout mask: 0 with probability `rate`, else 1/(1-rate). Each 32-bit draw decides two
 * elements, so the rate is rounded to a multiple of 2^-16; the scale follows the rounded rate.
 */
export function fillDropout(mask: Float32Array, rate: number, rng: Rng): Float32Array {
  const threshold = Math.round(rate * levels);
  const kept = levels / (levels - threshold);
  for (let from = 0; from < mask.length; from += 2 * drawn.length) {
    const count = Math.min(mask.length - from, 2 * drawn.length);
    const draws = drawn.subarray(0, Math.ceil(count / 2));
    rng.fill(draws);
    for (let i = 0; i < count; i++) {
      const bits = draws[i >> 1] as number;
      const level = (bits >>> ((~i & 1) << 4)) & 0xffff;
      // The sign bit instead of a comparison: a branch on chance is predicted wrongly every other time.
      mask[from + i] = kept * (1 - ((level - threshold) >>> 31));
    }
  }
  return mask;
}
