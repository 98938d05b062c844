import type { LevelGrid } from './level-grid.js';
import type { SlideLevel } from './slide-reader.js';
import type { TiffPage } from './tiff-directory.js';

/** Pixels by which rounding may change the size of a level. */
const rounding = 2;

export const vendorOf = (base: TiffPage): string => {
  if (base.description.startsWith('Aperio')) return 'aperio';
  return /<(\w+:)?OME\b/.test(base.description) ? 'ome' : 'generic';
};

/** Whether a page shows the same as the base at fewer pixels, and not, say, the label of the slide. */
function isReduced(base: TiffPage, { width, height }: TiffPage): boolean {
  const downsample = (base.width / width + base.height / height) / 2;
  const near = (size: number, whole: number): boolean =>
    Math.abs(size - whole / downsample) <= Math.max(rounding, size * 0.01);
  return near(width, base.width) && near(height, base.height);
}

/**
 * The pages of the pyramid, largest first: those stored in tiles, by size. Not by number: Aperio puts the thumbnail second and
 * label and macro last, all of them in strips. Empty when nothing is stored in tiles.
 */
export function pyramidOf(pages: readonly TiffPage[]): readonly TiffPage[] {
  const tiled = pages
    .filter(({ tile, width, height }) => tile !== null && width > 0 && height > 0)
    .sort((a, b) => b.width * b.height - a.width * a.height);
  const [base] = tiled;
  if (base === undefined) return [];
  const levels = [base];
  for (const page of tiled.slice(1)) {
    const last = levels.at(-1) as TiffPage;
    if (page.width < last.width && page.height <= last.height && isReduced(base, page)) levels.push(page);
  }
  return levels;
}

export const levelsOf = (pages: readonly TiffPage[]): readonly SlideLevel[] =>
  pages.map(({ width, height }) => {
    const base = pages[0] as TiffPage;
    return { width, height, downsample: (base.width / width + base.height / height) / 2 };
  });

/** Where the tiles of a level lie. @throws Error when the tags do not name all of them, or name places beyond the end */
export function gridOf(page: TiffPage, fileBytes: number): LevelGrid {
  const { width: cellWidth, height: cellHeight } = page.tile as { width: number; height: number };
  const columns = Math.ceil(page.width / cellWidth);
  const rows = Math.ceil(page.height / cellHeight);
  const planes = page.planar === 2 ? page.samples : 1;
  const cells = columns * rows;
  const { offsets, byteCounts } = page.chunks;
  if (offsets.length < cells * planes || byteCounts.length < cells * planes)
    throw new Error(
      `its tags name ${Math.min(offsets.length, byteCounts.length)} of ${cells * planes} tiles`,
    );
  const beyond = offsets.filter((offset, i) => offset + (byteCounts[i] ?? 0) > fileBytes).length;
  if (beyond > 0)
    throw new Error(`the file ends at byte ${fileBytes}, before the data of ${beyond} of its tiles`);
  const stored = Uint8Array.from({ length: cells }, (_, cell) => {
    for (let plane = 0; plane < planes; plane++) if ((byteCounts[plane * cells + cell] ?? 0) === 0) return 0;
    return 1;
  });
  return { cellWidth, cellHeight, columns, rows, stored };
}
