import type { TiledImage } from '../tiling/tiles-data.js';

/** Progress and checkpoints come after each part; ten parts, the usual distance of checkpoints, are 4 % of the work. */
const mostParts = 250;

/** Tiles of one image that are read and encoded together. */
export interface TilePart {
  /** Position of the image among those to encode. */
  readonly image: number;
  /** Rows of the whole coordinate file, in the order they are encoded. */
  readonly rows: readonly number[];
  /** How many tiles come before those of this part. */
  readonly start: number;
}

/**
 * All tiles of the images in parts of whole batches: image by image, from top to bottom and from left to right, which
 * is how pixels lie in a file. What is in a batch follows from the tiles alone, so that a job that was interrupted
 * leaves the bytes of one that was not, although some engines round differently in batches of another size.
 *
 * @param coords [rows, 2], level-0 x and y
 */
export function partsOf(
  images: readonly TiledImage[],
  coords: Int32Array,
  batch: number,
): readonly TilePart[] {
  const tiles = images.reduce((sum, { rows }) => sum + rows, 0);
  const size = batch * Math.max(1, Math.ceil(tiles / mostParts / batch));
  const x = (row: number): number => coords[row * 2] as number;
  const y = (row: number): number => coords[row * 2 + 1] as number;
  const parts: TilePart[] = [];
  let start = 0;
  images.forEach((image, position) => {
    const rows = Array.from({ length: image.rows }, (_, i) => image.start + i);
    // Sorting is stable: two tiles at one place, which overlapping contours give, keep their order.
    rows.sort((a, b) => y(a) - y(b) || x(a) - x(b));
    for (let from = 0; from < rows.length; from += size) {
      const part = { image: position, rows: rows.slice(from, from + size), start };
      parts.push(part);
      start += part.rows.length;
    }
  });
  return parts;
}
