import type { SlideLevel } from '../slides/slide-reader.js';

/** The picture that is segmented: a level of the slide, or a level shrunk by a whole number. */
export interface SegmentationPicture {
  readonly level: number;
  /** Pixels of the level per pixel of the picture, along both axes. */
  readonly shrink: number;
  readonly width: number;
  readonly height: number;
  /** Level-0 pixels per pixel of the picture along x and y. */
  readonly downsample: readonly [number, number];
}

/** CLAM segments at this downsample: a pixel of the picture covers 64 x 64 pixels of the slide. */
const wanted = 64;
/** CLAM refuses to segment a level with more pixels than this (method.md 3.1, step 1). */
const mostPixels = 1e8;

/**
 * The level with the largest downsample that does not exceed the given one, as OpenSlide's
 * get_best_level_for_downsample.
 */
export function bestLevelFor(levels: readonly SlideLevel[], downsample: number): number {
  const above = levels.findIndex((level) => level.downsample > downsample);
  return above < 0 ? levels.length - 1 : Math.max(0, above - 1);
}

/**
 * The downsample of a level along x and y. CLAM computes it in the same way, from the sizes of level 0 and of the
 * level.
 */
export function axisDownsamples(levels: readonly SlideLevel[], level: number): readonly [number, number] {
  const [base, at] = [levels[0] as SlideLevel, levels[level] as SlideLevel];
  return [base.width / at.width, base.height / at.height];
}

/**
 * Chooses the picture to segment (method.md 3.1). CLAM refuses a level that is too large. This function shrinks such a
 * level to a downsample of about 64 instead, so that slides without a pyramid work.
 *
 * @param segLevel a level of the slide, or -1 for the level with the largest downsample up to 64
 */
export function segmentationPicture(levels: readonly SlideLevel[], segLevel: number): SegmentationPicture {
  const level = segLevel >= 0 ? segLevel : bestLevelFor(levels, wanted);
  const { width, height } = levels[level] as SlideLevel;
  const [x, y] = axisDownsamples(levels, level);
  if (width * height <= mostPixels) return { level, shrink: 1, width, height, downsample: [x, y] };
  const least = Math.ceil(Math.sqrt((width * height) / mostPixels));
  const shrink = Math.max(least, Math.floor(wanted / Math.max(x, y)));
  return {
    level,
    shrink,
    // Pixels at the right and lower edge that do not fill a whole block are left out.
    width: Math.floor(width / shrink),
    height: Math.floor(height / shrink),
    downsample: [x * shrink, y * shrink],
  };
}
