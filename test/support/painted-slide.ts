import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Region } from '../../src/operators/slides/slide-reader.js';
import { type SlideFileOptions, writeSlideFile } from '../../src/operators/synthetic/slide-file.js';

/** Paints pixels that differ everywhere, but smoothly enough that JPEG preserves them. */
export function paintWaves({ x, y, width, height }: Region): Uint8Array {
  const rgb = new Uint8Array(width * height * 3);
  for (let row = 0, i = 0; row < height; row++)
    for (let column = 0; column < width; column++, i += 3) {
      const [px, py] = [x + column, y + row];
      rgb[i] = 128 + 100 * Math.sin(px / 37) * Math.cos(py / 53);
      rgb[i + 1] = (px >> 2) & 255;
      rgb[i + 2] = (py >> 1) & 255;
    }
  return rgb;
}

export const slideFolder = (): string => mkdtempSync(join(tmpdir(), 'haf-slide-'));

/**
 * Writes a slide with a picture of waves: by default 700 x 500 pixels with the levels 1, 2 and 4.
 * @returns its path
 */
export async function writePainted(
  name: string,
  options: Partial<Omit<SlideFileOptions, 'path'>> = {},
): Promise<string> {
  const path = join(slideFolder(), name);
  const defaults = {
    width: 700,
    height: 500,
    tile: 64,
    downsamples: [1, 2, 4],
    mpp: 0.25,
    magnification: 40,
  };
  await writeSlideFile({ path, ...defaults, ...options }, paintWaves);
  return path;
}

/** Greatest difference of two images in grey levels. */
export function greatestDifference(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return Infinity;
  let greatest = 0;
  for (const [i, value] of a.entries()) greatest = Math.max(greatest, Math.abs(value - (b[i] as number)));
  return greatest;
}
