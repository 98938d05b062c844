import { HafError } from '../../pipeline/core/errors.js';
import type { SlideReader } from '../slides/slide-reader.js';
import type { GreyImage } from './grey-image.js';
import { scaled } from './polygon.js';
import { readShrunk } from './read-shrunk.js';
import { saturation } from './saturation.js';
import { segmentationPicture, type SegmentationPicture } from './segmentation-level.js';
import { areaLimits } from './select-tissue.js';
import { segmentTissue, type Tissue } from './segment-tissue.js';
import { tissueMask, tissueShare } from './tissue-mask.js';
import type { TissueSettings } from './tissue-settings.js';
import type { Segmentation } from './tiles-data.js';
import type { Outline } from './trace-contours.js';

/** The tissue of a slide. */
export interface SlideTissue {
  /** Outlines of the pieces of tissue, in level-0 pixels. */
  readonly outlines: readonly Outline[];
  readonly mask: GreyImage;
  readonly record: Segmentation;
  /** Area of the largest piece of tissue, in tiles of 512 x 512. Null if nothing was segmented. */
  readonly largest: number | null;
  /** Notes for the user: what was done to the picture, and contours of the slide table that do not exist. */
  readonly notes: readonly string[];
}

/**
 * Contours that the slide table keeps or leaves out, by their position in the list of all contours (method.md 3.1, step
 * 10).
 */
export interface Choice {
  readonly keepIds?: readonly number[];
  readonly excludeIds?: readonly number[];
}

async function saturationOf(reader: SlideReader, picture: SegmentationPicture): Promise<GreyImage> {
  const { width, height, level, shrink } = picture;
  const data = new Uint8Array(width * height);
  await readShrunk(reader, level, shrink, (rgb, y, rows) =>
    saturation(rgb, data.subarray(y * width, (y + rows) * width)),
  );
  return { width, height, data };
}

/**
 * Returns the chosen contours in ascending order of their ids. CLAM uses the order of a Python set. For a list of all
 * ids both orders are equal.
 */
function chosen(outlines: readonly Outline[], { keepIds = [], excludeIds = [] }: Choice): readonly Outline[] {
  const kept = keepIds.length === 0 ? null : new Set(keepIds);
  const excluded = new Set(excludeIds);
  return outlines.filter((_, id) => (kept === null || kept.has(id)) && !excluded.has(id));
}

function notesOf(
  { level, shrink }: SegmentationPicture,
  found: number,
  { keepIds = [], excludeIds = [] }: Choice,
): readonly string[] {
  const unknown = [...keepIds, ...excludeIds].filter((id) => id >= found);
  return [
    ...(shrink > 1
      ? [`level ${level} has more than 1e8 pixels and was segmented shrunk ${shrink} x ${shrink}`]
      : []),
    ...(unknown.length > 0
      ? [`the slide table names contour ${unknown.join(', ')}, but only ${found} were found, numbered from 0`]
      : []),
  ];
}

function recordOf(
  settings: TissueSettings,
  { level, downsample }: SegmentationPicture,
  threshold: number | null,
  outlines: readonly Outline[],
  share: number,
): Segmentation {
  const { preset, ...others } = settings;
  return {
    preset,
    settings: { ...others, threshold },
    level,
    downsample: [...downsample],
    contours: outlines.length,
    holes: outlines.reduce((sum, { holes }) => sum + holes.length, 0),
    tissueShare: share,
  };
}

/** The whole slide as one piece of tissue. */
function everything(
  reader: SlideReader,
  settings: TissueSettings,
  picture: SegmentationPicture,
): SlideTissue {
  const { width, height } = reader.info.levels[0] as SlideReader['info']['levels'][number];
  const outer = Int32Array.of(0, 0, width - 1, 0, width - 1, height - 1, 0, height - 1);
  const outlines = [{ outer, holes: [] }];
  const data = new Uint8Array(picture.width * picture.height).fill(255);
  return {
    outlines,
    mask: { width: picture.width, height: picture.height, data },
    record: recordOf(settings, picture, null, outlines, 1),
    largest: null,
    notes: [],
  };
}

const onSlide = ({ outlines }: Tissue, downsample: readonly [number, number]): readonly Outline[] =>
  outlines.map(({ outer, holes }) => ({
    outer: scaled(outer, downsample),
    holes: holes.map((hole) => scaled(hole, downsample)),
  }));

/**
 * Finds the tissue of a slide (method.md 3.1). The preset `bypass` takes the whole slide without segmentation.
 *
 * @throws HafError HAF_SLIDE_UNREADABLE if the pixels are damaged or the slide has no level `segLevel`
 */
export async function slideTissue(
  reader: SlideReader,
  settings: TissueSettings,
  choice: Choice,
): Promise<SlideTissue> {
  const { levels } = reader.info;
  if (settings.segLevel >= levels.length)
    throw new HafError(
      'HAF_SLIDE_UNREADABLE',
      `it has levels 0 to ${levels.length - 1}, tissue.segLevel asks for ${settings.segLevel}`,
      'Set tissue.segLevel to -1, which finds the level nearest 64x.',
    );
  const picture = segmentationPicture(levels, settings.segLevel);
  if (settings.preset === 'bypass') return everything(reader, settings, picture);
  const tissue = segmentTissue(await saturationOf(reader, picture), settings, picture.downsample);
  const mask = tissueMask(tissue.mask, chosen(tissue.outlines, choice));
  const outlines = chosen(onSlide(tissue, picture.downsample), choice);
  return {
    outlines,
    mask,
    record: recordOf(settings, picture, tissue.threshold, outlines, tissueShare(mask)),
    largest: tissue.largest / areaLimits(settings, picture.downsample).unit,
    notes: notesOf(picture, tissue.outlines.length, choice),
  };
}
