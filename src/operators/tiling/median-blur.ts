import type { GreyImage } from './grey-image.js';

/** Coordinates beyond the border are moved to the border, so that border pixels are repeated. */
const clamp = (at: number, length: number): number => (at < 0 ? 0 : at >= length ? length - 1 : at);

/**
 * Median over a kernel x kernel window with repeated border pixels, as OpenCV's medianBlur (method.md 3.1, step 3). A
 * histogram of the window slides along each row, and the search for the median starts at the previous median. So a
 * pixel costs about 2 x kernel steps.
 *
 * @param kernel odd; 1 changes nothing
 */
export function medianBlur({ width, height, data }: GreyImage, kernel: number): GreyImage {
  const blurred = new Uint8Array(data.length);
  const reach = (kernel - 1) / 2;
  // Maximum number of pixels of the window below its median.
  const rank = (kernel * kernel - 1) / 2;
  const histogram = new Int32Array(256);
  const rows = new Int32Array(kernel);
  for (let y = 0; y < height; y++) {
    for (let i = 0; i < kernel; i++) rows[i] = clamp(y - reach + i, height) * width;
    histogram.fill(0);
    for (let i = 0; i < kernel; i++)
      for (let x = -reach; x <= reach; x++) {
        const value = data[(rows[i] as number) + clamp(x, width)] as number;
        histogram[value] = (histogram[value] as number) + 1;
      }
    let median = 0;
    let below = 0;
    for (let x = 0; x < width; x++) {
      if (x > 0) {
        const leaves = clamp(x - reach - 1, width);
        const enters = clamp(x + reach, width);
        for (let i = 0; i < kernel; i++) {
          const row = rows[i] as number;
          const old = data[row + leaves] as number;
          const fresh = data[row + enters] as number;
          if (old === fresh) continue;
          histogram[old] = (histogram[old] as number) - 1;
          histogram[fresh] = (histogram[fresh] as number) + 1;
          if (old < median) below--;
          if (fresh < median) below++;
        }
      }
      while (below > rank) below -= histogram[--median] as number;
      while (below + (histogram[median] as number) <= rank) below += histogram[median++] as number;
      blurred[y * width + x] = median;
    }
  }
  return { width, height, data: blurred };
}
