import type { Rng } from '../../pipeline/core/rng.js';

const levels = 0x1_0000;

/**
 * Fills `mask` with an inverted-dropout mask: 0 with probability `rate`, else 1/(1-rate). Each 32-bit draw decides two
 * elements, so the rate is rounded to a multiple of 2^-16; the scale follows the rounded rate.
 */
export function fillDropout(mask: Float32Array, rate: number, rng: Rng): Float32Array {
  const threshold = Math.round(rate * levels);
  const kept = levels / (levels - threshold);
  for (let i = 0; i < mask.length; i += 2) {
    const bits = rng.uint32();
    mask[i] = bits >>> 16 < threshold ? 0 : kept;
    if (i + 1 < mask.length) mask[i + 1] = (bits & 0xffff) < threshold ? 0 : kept;
  }
  return mask;
}
