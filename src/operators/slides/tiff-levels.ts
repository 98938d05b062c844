import type { LevelGrid } from './level-grid.js';
import type { SlideLevel } from './slide-reader.js';
import type { TiffPage } from './tiff-directory.js';

/**
 * Maximum size of a stored tile, because a tile is decoded as a whole: 50 MB. Scanners and converters write 256 to
 * 4096 pixels per side.
 */
const mostCellPixels = 2 ** 24;
/** Maximum number of pixels of a level: a slide of 79 x 79 mm at 0.25 um per pixel. */
export const mostLevelPixels = 1e11;

/** Number of pixels by which rounding may change the size of a level. */
const rounding = 2;

export const vendorOf = (base: TiffPage): string => {
  if (base.description.startsWith('Aperio')) return 'aperio';
  return /<(\w+:)?OME\b/.test(base.description) ? 'ome' : 'generic';
};

/**
 * Whether a page shows the same image as the base (level 0) with fewer pixels, and is not, for example, the label of
 * the slide.
 */
function isReduced(base: TiffPage, { width, height }: TiffPage): boolean {
  const downsample = (base.width / width + base.height / height) / 2;
  const near = (size: number, whole: number): boolean =>
    Math.abs(size - whole / downsample) <= Math.max(rounding, size * 0.01);
  return near(width, base.width) && near(height, base.height);
}

const area = ({ width, height }: TiffPage): number => width * height;

/**
 * Whether a page is a separate image: it is in the chain of directories, and is not marked as a copy of another image
 * with fewer pixels.
 */
const isOwnImage = ({ subifd, reduced }: TiffPage): boolean => subifd === null && !reduced;

/**
 * The pages that may be lower levels of the base. Aperio does not mark levels, so all tiled pages may be levels. In
 * other files, levels may be the page of the base with its SubIFDs, and the reduced pages after it in the chain of
 * directories, up to the next image. If the chain holds no other image, all reduced pages may be levels. The right
 * shape alone is not enough, because a page may be a second scene.
 */
function candidatesOf(tiled: readonly TiffPage[], base: TiffPage): readonly TiffPage[] {
  if (vendorOf(base) === 'aperio') return tiled;
  const images = tiled.filter(isOwnImage);
  const next = images.find(({ page }) => page > base.page)?.page ?? Infinity;
  const alone = images.every(({ page }) => page === base.page);
  return tiled.filter((page) => {
    if (page.page === base.page) return true;
    if (!page.reduced || page.subifd !== null) return false;
    return alone || (page.page > base.page && page.page < next);
  });
}

/** The images of a TIFF: the pyramid of the slide, which is stored in tiles, and the other images. */
export interface TiledPages {
  /** The pyramid of the largest image, largest level first. Empty if nothing is stored in tiles. */
  readonly levels: readonly TiffPage[];
  /** Images outside of the pyramid. Their pixels are not read. */
  readonly others: readonly TiffPage[];
}

/**
 * Finds the pages of the slide: the largest tiled page, and its levels by size. The page number is not used, because Aperio writes
 * thumbnail, label and macro in strips at different positions (the thumbnail second, label and macro last), and an OME-TIFF may begin
 * with a macro picture.
 *
 * @param wanted the image to read in place of the largest; it must be stored in tiles
 */
export function tiledPages(pages: readonly TiffPage[], wanted: TiffPage | null = null): TiledPages {
  const tiled = pages.filter(({ tile, width, height }) => tile !== null && width > 0 && height > 0);
  const [largest] = [...tiled].sort((a, b) => area(b) - area(a));
  const base = wanted ?? largest;
  if (base === undefined) return { levels: [], others: [] };
  const levels = [base];
  for (const page of [...candidatesOf(tiled, base)].sort((a, b) => area(b) - area(a))) {
    const last = levels.at(-1) as TiffPage;
    if (page.width < last.width && page.height <= last.height && isReduced(base, page)) levels.push(page);
  }
  // Aperio's pictures in strips (thumbnail, label, macro) are part of the format. They do not count as other images.
  const images = vendorOf(base) === 'aperio' ? tiled : pages;
  const others = images.filter(
    (page) => isOwnImage(page) && page.page !== base.page && !levels.includes(page),
  );
  return { levels, others };
}

/** For a file whose images are all stored in strips: the largest image of the chain, and the others. */
export function flatPages(pages: readonly TiffPage[]): {
  readonly page: TiffPage | null;
  readonly others: readonly TiffPage[];
} {
  const images = pages.filter(isOwnImage);
  const [page = null] = [...(images.length > 0 ? images : pages)].sort((a, b) => area(b) - area(a));
  return { page, others: images.filter((other) => other !== page) };
}

export const levelsOf = (pages: readonly TiffPage[]): readonly SlideLevel[] =>
  pages.map(({ width, height }) => {
    const base = pages[0] as TiffPage;
    return { width, height, downsample: (base.width / width + base.height / height) / 2 };
  });

/**
 * The stored tiles of a level.
 * @throws Error if a stored tile or the level is too large, or if the tags of the page do not name all stored tiles or
 * name positions beyond the end of the file
 */
export function gridOf(page: TiffPage, fileBytes: number): LevelGrid {
  const { width: cellWidth, height: cellHeight } = page.tile as { width: number; height: number };
  const columns = Math.ceil(page.width / cellWidth);
  const rows = Math.ceil(page.height / cellHeight);
  const cells = columns * rows;
  if (cellWidth * cellHeight > mostCellPixels)
    throw new Error(`its tiles have ${cellWidth} x ${cellHeight} pixels, more than are read at once`);
  if (page.width * page.height > mostLevelPixels)
    throw new Error(`${page.width} x ${page.height} pixels are more than any scanner makes`);
  const { offsets, byteCounts } = page.chunks;
  if (offsets.length < cells || byteCounts.length < cells)
    throw new Error(`its tags name ${Math.min(offsets.length, byteCounts.length)} of ${cells} tiles`);
  let beyond = 0;
  for (let i = 0; i < offsets.length; i++)
    if ((offsets[i] as number) + (byteCounts[i] ?? 0) > fileBytes) beyond++;
  if (beyond > 0)
    throw new Error(`the file ends at byte ${fileBytes}, before the data of ${beyond} of its tiles`);
  const stored = Uint8Array.from({ length: cells }, (_, cell) => (byteCounts[cell] === 0 ? 0 : 1));
  return { cellWidth, cellHeight, columns, rows, stored };
}
