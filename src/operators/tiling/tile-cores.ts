import { sharp } from '../slides/sharp-uncached.js';
import type { Config } from '../../pipeline/config/schema.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { SourceFile, Unit } from '../../pipeline/stage.js';
import { layOutParts } from '../slides/lay-out-parts.js';
import type { SlideReader } from '../slides/slide-reader.js';
import { coreGeometry, coreTiles, withoutWhite } from './core-grid.js';
import { rotationProblems, shapeProblems, stainProblems } from './core-problems.js';
import {
  blankImage,
  failedImage,
  imageFacts,
  noPatient,
  noteOf,
  problemOf,
  refusalOf,
  type ImageTiles,
  type OpenSlide,
  type Refusal,
} from './image-tiles.js';
import { jpegOf } from './rgb-image.js';
import { thumbnailOf } from './thumbnail.js';
import { thumbnailFile } from './tiles-data.js';

/** Longer side of the thumbnail of a core in pixels. It is small, because a patient has up to 16 cores. */
const thumbnailSide = 512;

const whiteCore: Refusal = {
  reason: 'all of its tiles are white',
  fix: 'Check its thumbnail; raise core.white or lower core.minContent if there is tissue.',
};

/** The EXIF orientation of an image. Undefined if the image states none, or if the image cannot be read. */
async function orientationOf(path: string): Promise<number | undefined> {
  try {
    return (await sharp(path, { limitInputPixels: false }).metadata()).orientation;
  } catch {
    return undefined;
  }
}

/** Tiles a core that is open. */
export async function tileOpenedCore(
  reader: SlideReader,
  blank: ImageTiles['image'],
  core: Config['core'],
): Promise<ImageTiles> {
  const facts = imageFacts(reader, reader.info.mpp);
  const picture = await thumbnailOf(reader, thumbnailSide);
  if (blank.patient === null) return failedImage({ ...blank, image: facts }, noPatient, picture);
  const geometry = coreGeometry(core, facts);
  const coords = await withoutWhite(reader, coreTiles(geometry, facts), geometry, core);
  const empty = coords.length === 0 ? whiteCore : null;
  const image: ImageTiles['image'] = {
    ...blank,
    outcome: empty ? 'empty' : 'ok',
    reason: empty?.reason ?? null,
    image: facts,
    tile: geometry,
    rows: coords.length / 2,
  };
  const problems = [
    ...(empty ? [problemOf(image, 'warning', empty.reason, empty.fix)] : []),
    ...reader.info.warnings.map(({ reason, fix }) => problemOf(image, 'warning', reason, fix)),
    ...reader.info.notes.map((note) => noteOf(image, note)),
  ];
  return { image, coords, problems, files: {}, picture };
}

async function tileCore(
  source: SourceFile,
  sources: readonly SourceFile[],
  unit: Unit,
  core: Config['core'],
  open: OpenSlide,
): Promise<ImageTiles> {
  const blank = blankImage(source, unit);
  const { path, remove } = layOutParts(source, sources);
  try {
    const reader = await open(path, unit.reader);
    try {
      const tiles = await tileOpenedCore(reader, blank, core);
      const turned = rotationProblems(tiles.image, await orientationOf(source.path));
      return { ...tiles, problems: [...tiles.problems, ...turned] };
    } finally {
      await reader.close();
    }
  } catch (thrown) {
    return failedImage(blank, refusalOf(thrown), null);
  } finally {
    remove();
  }
}

const byStainThenName = (a: ImageTiles['image'], b: ImageTiles['image']): number =>
  a.source === b.source ? compare(a.id, b.id) : compare(a.source, b.source);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Tiles the core images of a patient, or a slide with `tiling: grid`, one by one (method.md 2.6, 3.3), in the order of stain, then
 * name. A core that cannot be used does not affect the others.
 *
 * @returns the cores, and notes about all of them together
 */
export async function tileCores(
  sources: readonly SourceFile[],
  unit: Unit,
  core: Config['core'],
  open: OpenSlide,
): Promise<{ readonly cores: readonly ImageTiles[]; readonly problems: readonly Problem[] }> {
  const tiled: ImageTiles[] = [];
  for (const source of sources)
    if (source.role !== 'part') tiled.push(await tileCore(source, sources, unit, core, open));
  return ofPatient(unit, tiled);
}

/**
 * The cores of a patient in the order of stain, then name. `problems` are found by comparing all cores of the patient:
 * a core of unusual size or shape, or (in HANCOCK) a stain without a core.
 */
export async function ofPatient(
  unit: Unit,
  tiled: readonly ImageTiles[],
): Promise<{ readonly cores: readonly ImageTiles[]; readonly problems: readonly Problem[] }> {
  const sorted = [...tiled].sort((a, b) => byStainThenName(a.image, b.image));
  const cores = await Promise.all(
    sorted.map(async (one, index) =>
      one.picture === null ? one : { ...one, files: { [thumbnailFile(index)]: await jpegOf(one.picture) } },
    ),
  );
  const images = cores.map(({ image }) => image);
  return {
    cores,
    problems: [
      ...shapeProblems(images),
      ...(unit.names === 'hancock' ? stainProblems(unit.patient, images) : []),
    ],
  };
}
