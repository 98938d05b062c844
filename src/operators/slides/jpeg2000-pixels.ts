import type { FileHandle } from 'node:fs/promises';
import { type DecodedTile, decodeJpeg2000 } from './jpeg2000.js';
import { cellRegion, cellsOf, copyPixels, type LevelGrid, overlapOf } from './level-grid.js';
import type { PixelSource } from './pixel-source.js';
import type { Region } from './slide-reader.js';
import type { TiffPage } from './tiff-directory.js';

/**
 * Size of the cache of decoded tiles. It holds two rows of stored tiles of a wide slide. So each stored tile is decoded
 * once, even if the regions that are read are not aligned with the stored tiles.
 */
const cacheBytes = 64 * 2 ** 20;

const yccCompression = 33_003;
const yccPhotometric = 6;
const freeCompression = 34_712;

/**
 * Pixels of JPEG 2000 tiles, decoded by OpenJPEG from the bytes that the TIFF tags refer to. libvips is not used,
 * because it may lack JPEG 2000.
 */
export function jpeg2000Pixels(
  file: FileHandle,
  levels: readonly TiffPage[],
  grids: readonly LevelGrid[],
): PixelSource {
  const cache = new Map<string, DecodedTile>();
  let kept = 0;
  const remember = (key: string, tile: DecodedTile): void => {
    cache.set(key, tile);
    kept += tile.pixels.length;
    for (const [oldest, { pixels }] of cache) {
      if (kept <= cacheBytes) break;
      cache.delete(oldest);
      kept -= pixels.length;
    }
  };

  const decode = async (page: TiffPage, grid: LevelGrid, cell: number): Promise<DecodedTile> => {
    const length = page.chunks.byteCounts[cell] ?? 0;
    const bytes = new Uint8Array(length);
    const { bytesRead } = await file.read(bytes, 0, length, page.chunks.offsets[cell]);
    if (bytesRead < length) throw new Error(`the file ends within tile ${cell}`);
    const ycc =
      page.compression === yccCompression ||
      (page.compression === freeCompression && page.photometric === yccPhotometric);
    const tile = await decodeJpeg2000(bytes, ycc, { width: grid.cellWidth, height: grid.cellHeight });
    // A tile must cover its cell, as far as the cell lies in the level. A smaller tile would leave black pixels.
    const inside = overlapOf(cellRegion(grid, cell), { x: 0, y: 0, width: page.width, height: page.height });
    if (inside !== null && (tile.width < inside.width || tile.height < inside.height))
      throw new Error(
        `tile ${cell} holds ${tile.width} x ${tile.height} pixels, ${inside.width} x ${inside.height} expected`,
      );
    return tile;
  };

  const tileAt = async (level: number, cell: number): Promise<DecodedTile> => {
    const key = `${level}/${cell}`;
    const known = cache.get(key);
    if (known !== undefined) {
      cache.delete(key);
      cache.set(key, known);
      return known;
    }
    const tile = await decode(levels[level] as TiffPage, grids[level] as LevelGrid, cell);
    remember(key, tile);
    return tile;
  };

  return {
    async read(level: number, region: Region): Promise<Uint8Array> {
      const grid = grids[level] as LevelGrid;
      const pixels = new Uint8Array(region.width * region.height * 3);
      const { left, top, right, bottom } = cellsOf(grid, region);
      for (let row = top; row < bottom; row++)
        for (let column = left; column < right; column++) {
          const tile = await tileAt(level, row * grid.columns + column);
          const { width, height } = tile;
          const from = { x: column * grid.cellWidth, y: row * grid.cellHeight, width, height };
          copyPixels(tile.pixels, from, pixels, region);
        }
      return pixels;
    },
    close: () => file.close(),
  };
}
