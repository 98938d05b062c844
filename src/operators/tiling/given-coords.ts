import { basename } from 'node:path';
import { HafError } from '../../pipeline/core/errors.js';
import { asForeign } from '../features/foreign.js';
import { defaultLimits } from '../features/reading-limits.js';
import { storedTiles } from '../features/reading-thread.js';
import type { StoredTiles } from '../features/stored-tiles.js';
import type { SlideInfo, SlideLevel, SlideMpp } from '../slides/slide-reader.js';
import { axisDownsamples } from './segmentation-level.js';
import { meanMpp, type TileGeometry } from './tiles-data.js';

/** Tiles whose coordinates the user gave. */
export interface GivenTiles {
  /** [tiles, 2], level-0 pixels. */
  readonly coords: Int32Array;
  readonly geometry: TileGeometry;
}

/**
 * Reads the coordinates of a slide's tiles from a file of CLAM, TRIDENT or `tile` (method.md 2.7).
 *
 * @param levels the levels of the slide
 * @param origin position of level 0 on the canvas of OpenSlide: the coordinates in the file count from the corner of
 * this canvas
 * @throws HafError HAF_SLIDE_UNREADABLE if the file cannot be used, or its tiles lie outside of the slide
 */
export async function readGivenTiles(
  path: string,
  levels: readonly SlideLevel[],
  mpp: SlideMpp | null,
  origin?: SlideInfo['origin'],
): Promise<GivenTiles> {
  return tilesOf(await read(path), levels, mpp, origin);
}

async function read(path: string): Promise<StoredTiles> {
  try {
    return await storedTiles({ path, name: basename(path) }, defaultLimits);
  } catch (thrown) {
    const isOfFile =
      asForeign(thrown) !== null || (thrown instanceof HafError && thrown.code === 'HAF_INPUT_LIMIT');
    if (!isOfFile) throw thrown;
    throw unusable(
      (thrown as HafError).what,
      'Name a file that CLAM, TRIDENT or "haf-pipeline tile" wrote, or write it again.',
    );
  }
}

const unusable = (what: string, fix: string): HafError =>
  new HafError('HAF_SLIDE_UNREADABLE', `its coordinates cannot be used: ${what}`, fix);

function tilesOf(
  stored: StoredTiles,
  levels: readonly SlideLevel[],
  mpp: SlideMpp | null,
  origin: SlideInfo['origin'] = { x: 0, y: 0 },
): GivenTiles {
  const geometry = geometryOf(stored, levels, mpp);
  const given = stored.values.map((at, i) => Number(at) - (i % 2 === 0 ? origin.x : origin.y));
  const { width, height } = levels[0] as SlideLevel;
  // Tests the numbers before conversion: as int32, both NaN and 2^32 would become 0. Both comparisons are false for
  // NaN.
  const meets = (at: number, side: number): boolean => at + geometry.level0Px > 0 && at < side;
  for (let i = 0; i < given.length; i += 2)
    if (!meets(given[i] as number, width) || !meets(given[i + 1] as number, height))
      throw unusable(
        `tile ${i / 2} at ${given[i]}, ${given[i + 1]} lies outside of the slide, which has ${width} x ${height} pixels`,
        'Check that they are of this slide.',
      );
  return { coords: Int32Array.from(given), geometry };
}

/**
 * The geometry of given tiles. CLAM reads `patch_size` pixels of `patch_level`. TRIDENT scales `patch_size_level0`
 * pixels of level 0 to `patch_size`, whatever level they are read from. Files of `tile` have the attributes of CLAM and
 * of TRIDENT, and the size of a tile after scaling.
 */
function geometryOf(
  { patchSize: size, patchSizeLevel0: wantedLevel0, patchLevel: named, tilePx }: StoredTiles,
  levels: readonly SlideLevel[],
  mpp: SlideMpp | null,
): TileGeometry {
  if (size === null)
    throw unusable(
      'they have no attribute "patch_size", so the tiles have no size',
      'Write them again with CLAM, TRIDENT or "haf-pipeline tile".',
    );
  const level = named ?? finestFor((wantedLevel0 ?? size) / size, levels);
  const at = levels[level];
  if (!at)
    throw unusable(
      `they are of level ${level}, the slide has levels 0 to ${levels.length - 1}`,
      'Check that they are of this slide.',
    );
  // `tile` and CLAM use the downsample of the x axis, and so does this code. The mean downsample of both axes may be
  // slightly below a whole number although the downsample of the x axis is not. The floor of the mean would then be too
  // small by one.
  const level0Px = wantedLevel0 ?? size * Math.max(1, Math.floor(axisDownsamples(levels, level)[0]));
  const readPx = named === null ? Math.max(1, Math.round(level0Px / at.downsample)) : size;
  const sizePx = tilePx ?? size;
  return {
    sizePx,
    level,
    readPx,
    level0Px,
    stepLevel0Px: level0Px,
    mpp: mpp === null ? null : (meanMpp(mpp) * at.downsample * readPx) / sizePx,
  };
}

/** The coarsest level that is at least as fine as wanted. */
const finestFor = (downsample: number, levels: readonly SlideLevel[]): number =>
  Math.max(
    0,
    levels.findLastIndex((level) => level.downsample <= downsample * 1.01),
  );
