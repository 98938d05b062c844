import type { Rng } from '../../pipeline/core/rng.js';

const levels = 0x1_0000;
/** Buffer for the random words that are drawn at once. Each word decides two elements of a mask. */
const drawn = new Uint32Array(2048);

/**
 * Fills `mask` with an inverted-dropout mask: 0 with probability `rate`, else 1/(1-rate). Each 32-bit draw decides two elements, so
 * the rate is rounded to a multiple of 2^-16. The scale uses the rounded rate.
 */
export function fillDropout(mask: Float32Array, rate: number, rng: Rng): Float32Array {
  const threshold = Math.round(rate * levels);
  const kept = levels / (levels - threshold);
  for (let from = 0; from < mask.length; from += 2 * drawn.length) {
    const count = Math.min(mask.length - from, 2 * drawn.length);
    const draws = drawn.subarray(0, Math.ceil(count / 2));
    rng.fill(draws);
    // A random number below the threshold drops the element. The sign bit of their difference tells this without a
    // branch: the processor would mispredict half of the branches of a comparison.
    for (let i = 0; i < count; i += 2) {
      const bits = draws[i >> 1] as number;
      mask[from + i] = kept * (1 - (((bits >>> 16) - threshold) >>> 31));
      if (i + 1 < count) mask[from + i + 1] = kept * (1 - (((bits & 0xffff) - threshold) >>> 31));
    }
  }
  return mask;
}
