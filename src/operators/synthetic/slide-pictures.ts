import { join } from 'node:path';
import { rng } from '../../pipeline/core/rng.js';
import type { Persona } from './latent.js';
import { writeSlideFile } from './slide-file.js';
import { paintSlide } from './slide-picture.js';
import { drawSlides, type InventedSlide } from './slides.js';

/** Side length of a slide in pixels. At 20x it is half a millimetre, the size of a biopsy. */
const side = 1024;
const scanner = { downsamples: [1, 4], mpp: 0.5, magnification: 20 } as const;
/** Number of slides in progress: one is painted while libvips compresses the others in its threads. */
const inFlight = 4;

async function writeSlide(folder: string, { stem, view }: InventedSlide, seed: number): Promise<void> {
  const rgb = paintSlide(side, view, rng(seed, `synthetic/WSI/${stem}`));
  const path = join(folder, `${stem}.svs`);
  await writeSlideFile({ path, width: side, height: side, ...scanner }, ({ y, height }) =>
    rgb.subarray(y * side * 3, (y + height) * side * 3),
  );
}

/**
 * Writes the slides as a scanner would, one pyramidal SVS each. The number of slides per patient is the same as for the feature files
 * of `writeSlides`.
 * @returns number of files
 */
export async function writeSlidePictures(
  folder: string,
  personas: readonly Persona[],
  seed: number,
): Promise<number> {
  const slides = drawSlides(personas, seed);
  const waiting = slides.values();
  const lane = async (): Promise<void> => {
    for (const slide of waiting) await writeSlide(folder, slide, seed);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return slides.length;
}
