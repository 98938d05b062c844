import h5wasm, { type Dataset, type File } from 'h5wasm/node';
import { HafError } from '../../pipeline/core/errors.js';
import { asForeign } from '../features/foreign.js';
import { numberAttribute } from '../features/hdf5-attributes.js';
import { datasetArray, withHdf5 } from '../features/hdf5-dataset.js';
import { assertCompleteHdf5 } from '../features/hdf5-superblock.js';
import type { SlideLevel, SlideMpp } from '../slides/slide-reader.js';
import { axisDownsamples } from './segmentation-level.js';
import type { TileGeometry } from './tiles-data.js';

/** Tiles that somebody else has laid. */
export interface GivenTiles {
  /** [tiles, 2], level-0 pixels. */
  readonly coords: Int32Array;
  readonly geometry: TileGeometry;
}

/** Attribute of our own coordinate files: the side of a tile after scaling, which CLAM does not know. */
export const sizeAttribute = 'tile_px';

/**
 * Reads the coordinates of a slide's tiles as CLAM, TRIDENT or `tile` wrote them (method.md 2.7).
 *
 * @param levels the slide's own
 * @throws HafError HAF_SLIDE_UNREADABLE when the file cannot be used, or its tiles lie outside of the slide
 */
export async function readGivenTiles(
  path: string,
  levels: readonly SlideLevel[],
  mpp: SlideMpp | null,
): Promise<GivenTiles> {
  try {
    assertCompleteHdf5(path);
    return await withHdf5(path, (file) => tilesOf(file, levels, mpp));
  } catch (thrown) {
    const error = asForeign(thrown);
    throw error === null
      ? thrown
      : unusable(
          error.what,
          'Name a file that CLAM, TRIDENT or "haf-pipeline tile" wrote, or write it again.',
        );
  }
}

const unusable = (what: string, fix: string): HafError =>
  new HafError('HAF_SLIDE_UNREADABLE', `its coordinates cannot be used: ${what}`, fix);

function tilesOf(file: File, levels: readonly SlideLevel[], mpp: SlideMpp | null): GivenTiles {
  const dataset = file.get('coords');
  if (!(dataset instanceof h5wasm.Dataset))
    throw unusable(
      `the file has no dataset "coords", only ${file.keys().join(', ') || 'nothing'}`,
      'Name a file that CLAM, TRIDENT or "haf-pipeline tile" wrote.',
    );
  const array = datasetArray(dataset, 'coords');
  const { shape } = array;
  if (shape.length !== 2 || shape[1] !== 2)
    throw unusable(`their shape is [${shape.join(', ')}], not [tiles, 2]`, 'Write x and y of each tile.');
  const geometry = geometryOf(dataset, levels, mpp);
  const given = shape[0] === 0 ? [] : array.read();
  const { width, height } = levels[0] as SlideLevel;
  // Of the numbers as they are: as int32, NaN would be 0 and 2^32 as well. Neither holds for NaN.
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
 * CLAM reads `patch_size` pixels of `patch_level`; TRIDENT wants `patch_size_level0` pixels of level 0 scaled to
 * `patch_size`, whatever level they come from. A file of ours says both, and the size after scaling.
 */
function geometryOf(coords: Dataset, levels: readonly SlideLevel[], mpp: SlideMpp | null): TileGeometry {
  const size = numberAttribute(coords, 'patch_size');
  if (size === null)
    throw unusable(
      'they have no attribute "patch_size", so the tiles have no size',
      'Write them again with CLAM, TRIDENT or "haf-pipeline tile".',
    );
  const wantedLevel0 = numberAttribute(coords, 'patch_size_level0');
  // Level 0 is no positive number.
  const hasLevel = Object.hasOwn(coords.attrs, 'patch_level');
  const named = hasLevel ? (numberAttribute(coords, 'patch_level') ?? 0) : null;
  const level = named ?? finestFor((wantedLevel0 ?? size) / size, levels);
  const at = levels[level];
  if (!at)
    throw unusable(
      `they are of level ${level}, the slide has levels 0 to ${levels.length - 1}`,
      'Check that they are of this slide.',
    );
  // As `tile` and CLAM count it: the mean of both axes may lie below a whole number that the width has.
  const level0Px = wantedLevel0 ?? size * Math.max(1, Math.floor(axisDownsamples(levels, level)[0]));
  const readPx = named === null ? Math.max(1, Math.round(level0Px / at.downsample)) : size;
  const sizePx = numberAttribute(coords, sizeAttribute) ?? size;
  return {
    sizePx,
    level,
    readPx,
    level0Px,
    stepLevel0Px: level0Px,
    mpp: mpp === null ? null : (((mpp.x + mpp.y) / 2) * at.downsample * readPx) / sizePx,
  };
}

/** The coarsest level that is at least as fine as wanted. */
const finestFor = (downsample: number, levels: readonly SlideLevel[]): number =>
  Math.max(
    0,
    levels.findLastIndex((level) => level.downsample <= downsample * 1.01),
  );
