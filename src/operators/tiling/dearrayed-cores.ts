import type { Config } from '../../pipeline/config/schema.js';
import { grouped } from '../../pipeline/core/grouped.js';
import { stemOf } from '../../pipeline/core/file-name.js';
import type { CoreOnSlide, SourceFile, Unit } from '../../pipeline/stage.js';
import { cropped } from '../slides/cropped.js';
import { layOutParts } from '../slides/lay-out-parts.js';
import type { Region, SlideMpp, SlideReader } from '../slides/slide-reader.js';
import {
  blankImage,
  failedImage,
  problemOf,
  refusalOf,
  type ImageTiles,
  type OpenSlide,
  type Refusal,
} from './image-tiles.js';
import { tileOpenedCore } from './tile-cores.js';
import { meanMpp } from './tiles-data.js';

/** A slide that could not be hashed is missing from the sources of the job. Its cores get this failure. */
const goneSlide: Refusal = {
  reason: 'its slide could not be read when the run was planned',
  fix: 'Look at the failure of the slide.',
};

/**
 * Tiles the cores of a patient on whole TMA slides. Each core is an image of its own. A slide is opened once for all
 * its cores. A core that cannot be used does not affect the others.
 */
export async function tileCoresOnSlides(
  sources: readonly SourceFile[],
  unit: Unit,
  core: Config['core'],
  open: OpenSlide,
): Promise<readonly ImageTiles[]> {
  const tiled: ImageTiles[] = [];
  for (const [file, cores] of grouped((unit.cores ?? []).map((one) => [one.file, one] as const))) {
    const slide = sources.find(({ name }) => name === file);
    if (slide === undefined) {
      for (const one of cores) tiled.push(placed(failedImage(blankCore(one, unit), goneSlide), one.name));
      continue;
    }
    const { path, remove } = layOutParts(slide, sources);
    try {
      const reader = await open(path, cores[0]?.reader);
      try {
        for (const one of cores) tiled.push(await tileOne(reader, one, unit, core));
      } finally {
        await reader.close();
      }
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      for (const one of cores.slice(tiled.filter(({ image }) => image.file === file).length))
        tiled.push(placed(failedImage(blankCore(one, unit), refusal), one.name));
    } finally {
      remove();
    }
  }
  return tiled;
}

/** What a core is called in tables and pictures. */
const coreId = ({ file, name }: CoreOnSlide): string => `${stemOf(file)}-${name}`;

const blankCore = (one: CoreOnSlide, unit: Unit): ImageTiles['image'] => ({
  ...blankImage({ name: one.file }, { ...unit, tiling: 'grid' }),
  id: coreId(one),
});

/**
 * Adds the name of the core to its problems, so that the problems of several cores on one slide can be distinguished.
 */
const placed = (tiles: ImageTiles, name: string): ImageTiles => ({
  ...tiles,
  problems: tiles.problems.map((problem) => ({ ...problem, place: `core ${name}` })),
});

async function tileOne(
  reader: SlideReader,
  one: CoreOnSlide,
  unit: Unit,
  core: Config['core'],
): Promise<ImageTiles> {
  const blank = blankCore(one, unit);
  const mpp: SlideMpp | null =
    one.mpp === undefined ? reader.info.mpp : { x: one.mpp, y: one.mpp, source: 'slide table' };
  const found = regionOf(one, mpp, reader);
  if ('reason' in found) return placed(failedImage(blank, found), one.name);
  const { region, cut } = found;
  const part = cropped({ ...reader, info: { ...reader.info, mpp } }, region);
  try {
    const tiles = await tileOpenedCore(part, { ...blank, region }, core);
    const beyond = cut
      ? [
          problemOf(
            tiles.image,
            'warning',
            'it reaches beyond the slide, and was cut at its edge',
            'Check its place in the table, and that the table is of this slide.',
          ),
        ]
      : [];
    return placed({ ...tiles, problems: [...tiles.problems, ...beyond] }, one.name);
  } catch (thrown) {
    return placed(failedImage({ ...blank, region }, refusalOf(thrown)), one.name);
  }
}

/** The square of a core in level-0 pixels, as far as it lies on the slide. */
function regionOf(
  { x, y, at, width, height, size }: CoreOnSlide,
  mpp: SlideMpp | null,
  { info }: SlideReader,
): { readonly region: Region; readonly cut: boolean } | Refusal {
  if (mpp === null && (at === 'um' || size === 'um'))
    return {
      reason: 'its table is in micrometres, and the slide does not say how many micrometres a pixel has',
      fix: 'Put it into the column mpp of the slide table (slideTable of the modality), or give the cores in pixels.',
    };
  const perPixel = (unit: 'px' | 'um'): number => (unit === 'px' || mpp === null ? 1 : meanMpp(mpp));
  const [middleX, middleY] = [x / perPixel(at), y / perPixel(at)];
  const [wide, high] = [width / perPixel(size), height / perPixel(size)];
  const slide = info.levels[0] ?? { width: 0, height: 0 };
  const [left, top] = [Math.round(middleX - wide / 2), Math.round(middleY - high / 2)];
  const [right, bottom] = [left + Math.max(1, Math.round(wide)), top + Math.max(1, Math.round(high))];
  const inside = {
    ...{ left: Math.max(0, left), top: Math.max(0, top) },
    ...{ right: Math.min(slide.width, right), bottom: Math.min(slide.height, bottom) },
  };
  if (inside.right <= inside.left || inside.bottom <= inside.top)
    return {
      reason:
        `it lies outside of the slide: x ${left} to ${right}, y ${top} to ${bottom}, ` +
        `and the slide has ${slide.width} x ${slide.height} pixels`,
      fix: 'Check that the table is of this slide, and its unit.',
    };
  const region = {
    ...{ x: inside.left, y: inside.top },
    ...{ width: inside.right - inside.left, height: inside.bottom - inside.top },
  };
  return {
    region,
    cut: inside.left > left || inside.top > top || inside.right < right || inside.bottom < bottom,
  };
}
