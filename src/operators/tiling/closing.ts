import type { GreyImage } from './grey-image.js';

/**
 * Dilation or erosion along one axis of a binary image: a pixel becomes `wanted` if any pixel of its window is
 * `wanted`. The window reaches from `before` pixels behind the pixel to `after` pixels ahead of it. Pixels outside of
 * the image do not count.
 */
function spread(
  { width, height, data }: GreyImage,
  wanted: 0 | 255,
  axis: 'x' | 'y',
  before: number,
  after: number,
): GreyImage {
  const [lines, length, lineStride, stride] =
    axis === 'x' ? [height, width, width, 1] : [width, height, 1, width];
  const result = new Uint8Array(data.length);
  for (let line = 0; line < lines; line++) {
    const start = line * lineStride;
    // Number of wanted pixels in the window of the current pixel.
    let count = 0;
    for (let i = 0; i < Math.min(after, length); i++) if (data[start + i * stride] === wanted) count++;
    for (let i = 0; i < length; i++) {
      if (i + after < length && data[start + (i + after) * stride] === wanted) count++;
      if (i > before && data[start + (i - before - 1) * stride] === wanted) count--;
      result[start + i * stride] = count > 0 ? wanted : 255 - wanted;
    }
  }
  return { width, height, data: result };
}

/**
 * Morphological closing of a binary image with a kernel of kernel x kernel ones, as OpenCV's MORPH_CLOSE (method.md
 * 3.1, step 5). An even kernel has no middle. OpenCV anchors it at kernel / 2 in both halves of the closing, which
 * moves the result by one pixel. This code moves the result in the same way.
 */
export function closing(image: GreyImage, kernel: number): GreyImage {
  const before = Math.floor(kernel / 2);
  const after = kernel - 1 - before;
  const dilated = spread(spread(image, 255, 'x', before, after), 255, 'y', before, after);
  return spread(spread(dilated, 0, 'x', before, after), 0, 'y', before, after);
}
