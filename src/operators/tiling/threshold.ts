import type { GreyImage } from './grey-image.js';

/** FLT_EPSILON: OpenCV skips a threshold that leaves less than this fraction of the pixels on one side. */
const epsilon = 1.1920928955078125e-7;

/** A binary image: 255 where the image is above the threshold, 0 elsewhere (method.md 3.1, step 4). */
export function threshold({ width, height, data }: GreyImage, above: number): GreyImage {
  const binary = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) if ((data[i] as number) > above) binary[i] = 255;
  return { width, height, data: binary };
}

/**
 * Otsu's threshold: the first value for which the split into "up to it" and "above it" has the largest variance
 * between the two classes. It computes the same sums in the same order as OpenCV, so that ties are decided alike. 0
 * if all pixels are equal.
 */
export function otsuThreshold({ data }: GreyImage): number {
  const histogram = new Float64Array(256);
  for (const value of data) histogram[value] = (histogram[value] as number) + 1;
  const scale = 1 / data.length;
  let mean = 0;
  for (let value = 0; value < 256; value++) mean += value * (histogram[value] as number);
  mean *= scale;
  let lowMean = 0;
  let lowShare = 0;
  let largest = 0;
  let best = 0;
  for (let value = 0; value < 256; value++) {
    const share = (histogram[value] as number) * scale;
    lowMean *= lowShare;
    lowShare += share;
    const highShare = 1 - lowShare;
    if (Math.min(lowShare, highShare) < epsilon || Math.max(lowShare, highShare) > 1 - epsilon) continue;
    lowMean = (lowMean + value * share) / lowShare;
    const highMean = (mean - lowShare * lowMean) / highShare;
    const between = lowShare * highShare * (lowMean - highMean) * (lowMean - highMean);
    if (between > largest) {
      largest = between;
      best = value;
    }
  }
  return best;
}
