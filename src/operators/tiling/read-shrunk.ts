import type { SlideReader } from '../slides/slide-reader.js';

/** Maximum number of bytes of a slide in memory while a level is read. */
const stripBytes = 64 * 2 ** 20;

/** Means of blocks of shrink x shrink pixels, rounded to the nearest integer. */
function blockMeans(
  rgb: Uint8Array,
  levelWidth: number,
  shrink: number,
  width: number,
  rows: number,
): Uint8Array {
  const means = new Uint8Array(width * rows * 3);
  const sums = new Float64Array(width * 3);
  for (let row = 0; row < rows; row++) {
    sums.fill(0);
    for (let dy = 0; dy < shrink; dy++) {
      let at = (row * shrink + dy) * levelWidth * 3;
      for (let x = 0; x < width; x++)
        for (let dx = 0; dx < shrink; dx++, at += 3)
          for (let c = 0; c < 3; c++) sums[3 * x + c] = (sums[3 * x + c] as number) + (rgb[at + c] as number);
    }
    for (let i = 0; i < sums.length; i++)
      means[row * width * 3 + i] = Math.round((sums[i] as number) / shrink ** 2);
  }
  return means;
}

/**
 * Reads a level from top to bottom in strips of whole rows, shrinks them by block means, and passes them on one by
 * one. So a large level is never in memory as a whole.
 *
 * @param shrink pixels of the level per pixel of the picture; 1 does not shrink
 * @param take receives [rows, width, 3] from row y on, with the width of `segmentationPicture`
 */
export async function readShrunk(
  reader: SlideReader,
  level: number,
  shrink: number,
  take: (rgb: Uint8Array, y: number, rows: number) => void,
): Promise<void> {
  const size = reader.info.levels[level];
  if (!size) throw new RangeError(`no level ${level}`);
  const width = Math.floor(size.width / shrink);
  const height = Math.floor(size.height / shrink);
  const strip = Math.max(1, Math.floor(stripBytes / (size.width * 3 * shrink)));
  for (let y = 0; y < height; y += strip) {
    const rows = Math.min(strip, height - y);
    const region = { x: 0, y: y * shrink, width: size.width, height: rows * shrink };
    const rgb = await reader.read(level, region);
    take(shrink === 1 ? rgb : blockMeans(rgb, size.width, shrink, width, rows), y, rows);
  }
}
