import type { Config } from '../../pipeline/config/schema.js';
import { HafError } from '../../pipeline/core/errors.js';
import type { SlideInfo, SlideLevel, SlideMpp } from '../slides/slide-reader.js';
import { notUnderstood } from '../slides/tiff-warnings.js';
import { axisDownsamples } from './segmentation-level.js';
import { meanMpp, type TileGeometry } from './tiles-data.js';

/** Factor by which a tile may be coarser than requested: 0.2520 um is accepted for 0.25, because scanners differ. */
const coarserBy = 1.1;
/**
 * Factor by which a level below level 0 may be coarser than requested. It is stricter, because a finer level exists.
 */
const levelCoarserBy = 1.01;

/** The level and size at which tiles are read, and the side and step of their grid in level-0 pixels along x and y. */
export interface SlideGrid {
  readonly geometry: TileGeometry;
  readonly side: readonly [number, number];
  readonly step: readonly [number, number];
}

/**
 * The mpp of a level-0 pixel with its source. The slide table takes precedence, then the file, then the experiment's
 * default.
 */
export function mppOf(
  info: Pick<SlideInfo, 'mpp'>,
  tableMpp: number | undefined,
  defaultMpp: number | null,
): SlideMpp | null {
  if (tableMpp !== undefined) return { x: tableMpp, y: tableMpp, source: 'slide table' };
  if (info.mpp !== null) return info.mpp;
  return defaultMpp === null ? null : { x: defaultMpp, y: defaultMpp, source: 'tile.defaultMpp' };
}

function gridOfLevel(
  { size, step, level }: Config['tile'],
  levels: readonly SlideLevel[],
  mpp: SlideMpp | null,
): SlideGrid {
  const at = levels[level];
  if (!at)
    throw new HafError(
      'HAF_SLIDE_UNREADABLE',
      `it has levels 0 to ${levels.length - 1}, tile.level asks for ${level}`,
      'Lower tile.level, or set tile.mpp, which finds the level by itself.',
    );
  // CLAM rounds the downsample of each axis down to a whole number (method.md 3.2).
  const [x, y] = axisDownsamples(levels, level).map(Math.floor) as [number, number];
  return {
    side: [size * x, size * y],
    step: [step * x, step * y],
    geometry: {
      sizePx: size,
      level,
      readPx: size,
      level0Px: size * x,
      stepLevel0Px: step * x,
      mpp: mpp === null ? null : meanMpp(mpp) * at.downsample,
    },
  };
}

function gridOfMpp(
  { size, step }: Config['tile'],
  target: number,
  levels: readonly SlideLevel[],
  mpp: SlideMpp,
): SlideGrid {
  const finest = meanMpp(mpp);
  if (finest > target * coarserBy)
    throw new HafError(
      'HAF_SLIDE_UNREADABLE',
      `it has ${finest} um per pixel (${mpp.source}), tile.mpp asks for the finer ${target}`,
      `Set tile.mpp to ${finest} or more, or leave the slide out: tiles are never upsampled.`,
    );
  const level = Math.max(
    0,
    levels.findLastIndex(({ downsample }) => finest * downsample <= target * levelCoarserBy),
  );
  const { downsample } = levels[level] as SlideLevel;
  const levelMpp = finest * downsample;
  const readPx = Math.max(1, Math.round((size * target) / levelMpp));
  const level0Px = Math.max(1, Math.round((size * target) / finest));
  const stepLevel0Px = Math.max(1, Math.round((step * target) / finest));
  const mppOfTile = (levelMpp * readPx) / size;
  return {
    side: [level0Px, level0Px],
    step: [stepLevel0Px, stepLevel0Px],
    geometry: { sizePx: size, level, readPx, level0Px, stepLevel0Px, mpp: mppOfTile },
  };
}

/**
 * The geometry of a slide's tiles (method.md 3.2). Without `tile.mpp`, tiles have a fixed number of pixels of one
 * level, as in CLAM. With `tile.mpp`, tiles have the same physical size on every slide, and are read from the nearest
 * level that is at least as fine.
 *
 * @param mppSaid text of the file about its mpp that was not understood
 * @throws HafError HAF_SLIDE_MPP_MISSING if `tile.mpp` is set and the mpp of the slide is unknown
 * @throws HafError HAF_SLIDE_UNREADABLE if the slide has no such level, or is coarser than requested
 */
export function slideGrid(
  tile: Config['tile'],
  levels: readonly SlideLevel[],
  mpp: SlideMpp | null,
  mppSaid: string | null = null,
): SlideGrid {
  if (tile.mpp === null) return gridOfLevel(tile, levels, mpp);
  if (mpp === null)
    throw new HafError(
      'HAF_SLIDE_MPP_MISSING',
      `${mppSaid === null ? 'it does not say how many micrometres a pixel has' : notUnderstood(mppSaid)}, and tile.mpp needs that`,
      'Put it into the column mpp of the slide table (slideTable of the modality), or set tile.defaultMpp for all slides that do not state it.',
    );
  return gridOfMpp(tile, tile.mpp, levels, mpp);
}
