import { HafError } from '../../pipeline/core/errors.js';
import { messageOf } from './error-message.js';
import { cellRegion, copyPixels, type LevelGrid, overlapOf, storedParts } from './level-grid.js';
import type { PixelSource } from './pixel-source.js';
import type { Region, SlideInfo, SlideReader } from './slide-reader.js';
import { copyAgain, unreadable } from './unreadable.js';

/** A slide reader that knows the stored tiles of its levels. */
export interface GridReader extends SlideReader {
  /** The grid of stored tiles of a level. Null if the level is stored as one piece. */
  grid(level: number): LevelGrid | null;
  /**
   * Pixels of stored tiles ("cells"), each with its region of the level. Pixels beyond the edges of the level are
   * included.
   * @throws HafError HAF_SLIDE_UNREADABLE naming the damaged tile
   */
  cells(level: number, cells: readonly number[]): Promise<readonly CellPixels[]>;
  /**
   * A function that reads regions at any place of a level. Null if reading stored tiles is faster or gives other
   * pixels.
   */
  regions(level: number): ReadRegions | null;
}

/**
 * Reads regions of a level, each into a buffer, [height, width, 3].
 *
 * @returns the numbers of the regions in which some pixels are black because they are damaged in the file
 * @throws HafError HAF_SLIDE_UNREADABLE naming the damaged region
 */
export type ReadRegions = (
  regions: readonly Region[],
  into: readonly Uint8Array[],
) => Promise<ReadonlySet<number>>;

export interface CellPixels {
  readonly region: Region;
  /** RGB, [height, width, 3]. */
  readonly pixels: Uint8Array;
  /** Some of the pixels are black because they are damaged in the file. */
  readonly lost?: true;
}

export const hasGrid = (reader: SlideReader): reader is GridReader => 'grid' in reader;

/**
 * Wraps a source of pixels, and adds what the source does not handle: the edges of the level, tiles without data, and
 * the name of the file.
 */
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
      if (error instanceof HafError) throw error;
      throw unreadable(
        path,
        `its pixels at level ${level}, x ${region.x} to ${region.x + region.width}, y ${region.y} to ` +
          `${region.y + region.height} are damaged (${messageOf(error)})`,
        copyAgain,
        error,
      );
    }
  };
  /**
   * Reads stored tiles as regions, one after another. It is used if the source cannot read stored tiles faster, or to
   * find the damaged tile among many.
   */
  const oneByOne = async (level: number, regions: readonly Region[]): Promise<CellPixels[]> => {
    const { width, height } = info.levels[level] as SlideInfo['levels'][number];
    const found: CellPixels[] = [];
    for (const whole of regions) {
      const region = overlapOf(whole, { x: 0, y: 0, width, height }) as Region;
      found.push({ region, pixels: await stored(level, region) });
    }
    return found;
  };
  const read = async (level: number, region: Region): Promise<Uint8Array> => {
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
  };
  return {
    info,
    grid: (level) => grids[level] ?? null,
    regions(level: number): ReadRegions | null {
      const readInside = source.regions?.(level) ?? null;
      if (readInside === null) return null;
      return async (regions, into) => {
        const { width, height } = info.levels[level] as SlideInfo['levels'][number];
        const isInside = (region: Region): boolean =>
          region.x >= 0 &&
          region.y >= 0 &&
          region.x + region.width <= width &&
          region.y + region.height <= height;
        const together = [...regions.keys()].filter((i) => isInside(regions[i] as Region));
        const alone = new Set(regions.keys());
        try {
          await readInside(
            together.map((i) => regions[i] as Region),
            together.map((i) => into[i] as Uint8Array),
          );
          for (const i of together) alone.delete(i);
        } catch {
          // All regions are read one by one below, so that the error names the damaged region.
        }
        for (const i of alone) into[i]?.set(await read(level, regions[i] as Region));
        return new Set();
      };
    },
    async cells(level: number, cells: readonly number[]): Promise<readonly CellPixels[]> {
      const grid = grids[level] as LevelGrid;
      const regions = cells.map((cell) => cellRegion(grid, cell));
      if (!source.cells) return oneByOne(level, regions);
      try {
        const pixels = await source.cells(level, cells);
        return regions.map((region, i) => ({ region, pixels: pixels[i] as Uint8Array }));
      } catch {
        return oneByOne(level, regions);
      }
    },
    read,
    close: () => source.close?.() ?? Promise.resolve(),
  };
}
