import { copyPixels, type LevelGrid, overlapOf, storedParts } from './level-grid.js';
import type { PixelSource } from './pixel-source.js';
import type { Region, SlideInfo, SlideReader } from './slide-reader.js';
import { copyAgain, unreadable } from './unreadable.js';

/** A slide reader that knows how its levels are stored. */
export interface GridReader extends SlideReader {
  /** Null when a level is stored as a whole. */
  grid(level: number): LevelGrid | null;
}

export const hasGrid = (reader: SlideReader): reader is GridReader => 'grid' in reader;

/** Adds what a source of pixels does not know: the edges of the level, tiles without data, and the name of the file. */
export function gridReader(
  path: string,
  info: SlideInfo,
  grids: readonly (LevelGrid | null)[],
  source: PixelSource,
): GridReader {
  const stored = async (level: number, region: Region): Promise<Uint8Array> => {
    try {
      return await source.read(level, region);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw unreadable(
        path,
        `its pixels at level ${level}, x ${region.x} to ${region.x + region.width}, y ${region.y} to ` +
          `${region.y + region.height} are damaged (${message.trim().split('\n')[0] ?? ''})`,
        copyAgain,
        error,
      );
    }
  };
  return {
    info,
    grid: (level) => grids[level] ?? null,
    async read(level: number, region: Region): Promise<Uint8Array> {
      const size = info.levels[level];
      if (size === undefined) throw new RangeError(`${path} has no level ${level}`);
      const inside = overlapOf(region, { x: 0, y: 0, width: size.width, height: size.height });
      const grid = grids[level] ?? null;
      const parts = inside === null ? [] : grid === null ? [inside] : storedParts(grid, inside);
      const [only] = parts;
      if (parts.length === 1 && only && only.width === region.width && only.height === region.height)
        return stored(level, only);
      const pixels = new Uint8Array(region.width * region.height * 3);
      for (const part of parts) copyPixels(await stored(level, part), part, pixels, region);
      return pixels;
    },
    close: () => Promise.resolve(),
  };
}
