/** Number of fractional bits in OpenCV's fixed-point HSV. */
const shift = 12;

/**
 * Rounds to the nearest integer. A value in the middle of two integers becomes the even one, as when OpenCV builds its
 * tables.
 */
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** For each value of a pixel's largest channel (max): the factor that turns max - min into the saturation. */
const factors = Int32Array.from({ length: 256 }, (_, max) =>
  max === 0 ? 0 : roundHalfEven((255 << shift) / max),
);

/**
 * Saturation of 8-bit RGB, bit for bit as OpenCV's RGB2HSV computes it in integers (method.md 3.1, step 2): 255 (max
 * - min) / max, and 0 for black.
 *
 * @param rgb [pixels, 3]
 * @param into [pixels]
 */
export function saturation(rgb: Uint8Array, into: Uint8Array): void {
  for (let pixel = 0, at = 0; pixel < into.length; pixel++, at += 3) {
    const red = rgb[at] as number;
    const green = rgb[at + 1] as number;
    const blue = rgb[at + 2] as number;
    let max = red;
    let min = red;
    if (green > max) max = green;
    else min = green;
    if (blue > max) max = blue;
    else if (blue < min) min = blue;
    into[pixel] = ((max - min) * (factors[max] as number) + (1 << (shift - 1))) >> shift;
  }
}
