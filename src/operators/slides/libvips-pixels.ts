import type { FileHandle } from 'node:fs/promises';
import { sharp } from './sharp-uncached.js';
import { cellRegion, cellsOf, copyPixels, type LevelGrid } from './level-grid.js';
import { mixesColours, pageOfTile } from './jpeg-pages.js';
import { packedTiff } from './packed-tiff.js';
import type { PixelSource } from './pixel-source.js';
import type { Region } from './slide-reader.js';
import type { TiffPage } from './tiff-directory.js';

/** Colour profiles are not applied, so that the pixels equal those that CLAM and OpenSlide read. */
const asStored = { ignoreIcc: true, limitInputPixels: false, failOn: 'error' } as const;
/** Maximum gap in bytes between two stored tiles that are read together. A second read would cost more than the gap. */
const gapBytes = 32 * 1024;

/** Number of bytes of pixels that are decoded at once when a region is assembled from stored tiles. */
const portionBytes = 8 * 2 ** 20;
/**
 * Maximum size in bytes of one row of tiles if libvips reads a region from the file. libvips then keeps all tiles of
 * the row in memory. In a slide of large tiles this may be more memory than a worker can use.
 */
const mostRowBytes = 256 * 2 ** 20;

const rowBytes = ({ width }: TiffPage, { cellHeight }: LevelGrid): number => width * cellHeight * 3;

/**
 * Reads pixels of TIFF pages with libvips. Regions are read from the file. Single tiles are first copied to a TIFF in
 * memory that holds only these tiles. Regions are also read in this way if the tags of the page are wrong, the tiles
 * differ in their colour space, or a row of tiles needs too much memory.
 */
export const libvipsPixels = (
  path: string,
  file: FileHandle,
  levels: readonly TiffPage[],
  grids: readonly LevelGrid[],
): PixelSource => ({
  async read(level: number, region: Region): Promise<Uint8Array> {
    const [stored, grid] = [levels[level] as TiffPage, grids[level] as LevelGrid];
    const { page, subifd, retagged } = stored;
    const touched = touchedCells(grid, region);
    if (retagged || rowBytes(stored, grid) > mostRowBytes || (await mixesColours(file, stored, touched)))
      return regionOfCells(file, stored, grid, region, touched);
    const { x, y, width, height } = region;
    const pixels = await sharp(path, { page, ...(subifd === null ? {} : { tiff: { subifd } }), ...asStored })
      .extract({ left: x, top: y, width, height })
      .removeAlpha()
      .raw()
      .toBuffer();
    return bytesOf(pixels);
  },

  cells: (level: number, cells: readonly number[]): Promise<readonly Uint8Array[]> =>
    decodedCells(file, levels[level] as TiffPage, cells),

  close: () => file.close(),
});

/** Decodes tiles. The JPEG stream of a tile decides the tile's colour space, even if the tag of the page differs. */
async function decodedCells(
  file: FileHandle,
  page: TiffPage,
  cells: readonly number[],
): Promise<readonly Uint8Array[]> {
  const bytes = await storedBytes(file, page, cells);
  const alike = new Map<string, { readonly page: TiffPage; readonly at: number[] }>();
  for (const [i, tile] of bytes.entries()) {
    const own = pageOfTile(page, tile);
    const key = own === page ? '' : JSON.stringify([...own.decoding]);
    const group = alike.get(key) ?? { page: own, at: [] };
    alike.set(key, group);
    group.at.push(i);
  }
  const decoded = new Array<Uint8Array>(cells.length);
  for (const { page: own, at } of alike.values()) {
    const pixels = await decodedTiles(
      own,
      at.map((i) => bytes[i] as Uint8Array),
    );
    for (const [k, i] of at.entries()) decoded[i] = pixels[k] as Uint8Array;
  }
  return decoded;
}

async function decodedTiles(page: TiffPage, tiles: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
  const tiff = packedTiff(page, tiles);
  const pixels = bytesOf(
    await sharp(tiff, { ...asStored, sequentialRead: true })
      .removeAlpha()
      .raw()
      .toBuffer(),
  );
  const bytes = pixels.length / tiles.length;
  return tiles.map((_, i) => pixels.subarray(i * bytes, (i + 1) * bytes));
}

function touchedCells(grid: LevelGrid, region: Region): readonly number[] {
  const { left, top, right, bottom } = cellsOf(grid, region);
  const touched: number[] = [];
  for (let row = top; row < bottom; row++)
    for (let column = left; column < right; column++) touched.push(row * grid.columns + column);
  return touched;
}

async function regionOfCells(
  file: FileHandle,
  page: TiffPage,
  grid: LevelGrid,
  region: Region,
  touched: readonly number[],
): Promise<Uint8Array> {
  const pixels = new Uint8Array(region.width * region.height * 3);
  const atOnce = Math.max(1, Math.floor(portionBytes / (grid.cellWidth * grid.cellHeight * 3)));
  for (let first = 0; first < touched.length; first += atOnce) {
    const portion = touched.slice(first, first + atOnce);
    const decoded = await decodedCells(file, page, portion);
    for (const [i, cell] of portion.entries())
      copyPixels(decoded[i] as Uint8Array, cellRegion(grid, cell), pixels, region);
  }
  return pixels;
}

// A Uint8Array in place of the Buffer: callers that change pixels copy them with `slice`, but `slice` of a Buffer
// returns a view. `subarray` of a Uint8Array is also faster.
const bytesOf = (pixels: Buffer): Uint8Array =>
  new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length);

/** The compressed bytes of tiles. Tiles that are close to each other in the file are read together. */
async function storedBytes(
  file: FileHandle,
  { chunks }: TiffPage,
  cells: readonly number[],
): Promise<readonly Uint8Array[]> {
  const spans = cells.map((cell, i) => ({
    i,
    start: chunks.offsets[cell] as number,
    end: (chunks.offsets[cell] as number) + (chunks.byteCounts[cell] as number),
  }));
  spans.sort((a, b) => a.start - b.start);
  const tiles = new Array<Uint8Array>(cells.length);
  for (let first = 0; first < spans.length;) {
    const { start } = spans[first] as (typeof spans)[number];
    let [next, end] = [first, start];
    for (; next < spans.length; next++) {
      const span = spans[next] as (typeof spans)[number];
      if (next > first && span.start - end > gapBytes) break;
      end = Math.max(end, span.end);
    }
    const bytes = new Uint8Array(end - start);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
    if (bytesRead < bytes.length) throw new Error(`the file ends at byte ${start + bytesRead}`);
    for (; first < next; first++) {
      const span = spans[first] as (typeof spans)[number];
      tiles[span.i] = bytes.subarray(span.start - start, span.end - start);
    }
  }
  return tiles;
}
