import { HafError } from '../../pipeline/core/errors.js';
import type { SourceFile, StageCode, StageContext, StageOutput } from '../../pipeline/stage.js';
import { stageOf } from '../stage-of.js';
import { contactSheet } from './contact-sheet.js';
import type { ImageTiles, OpenSlide } from './image-tiles.js';
import { jpegOf } from './rgb-image.js';
import { tileCoresOnSlides } from './dearrayed-cores.js';
import { ofPatient, tileCores } from './tile-cores.js';
import { tileScenes } from './tile-scenes.js';
import type { PlacedBy } from './tile-slide.js';
import { sheetFile, tileCoordsFile, tileSetFile, type TileSet } from './tiles-data.js';

function slideOf({ sources }: StageContext): SourceFile {
  const [slide, ...others] = sources.filter(({ role }) => role === 'slide');
  if (!slide || others.length > 0)
    throw new HafError(
      'HAF_INTERNAL',
      `A tile job of a slide needs one slide, it got ${others.length + (slide ? 1 : 0)}.`,
      'Please report it with the log of the run.',
    );
  return slide;
}

/** Existing coordinates of the user, and the file of regions drawn on the slide. */
function placesOf({ sources }: StageContext): PlacedBy {
  const pathOf = (wanted: string): string | null => sources.find(({ role }) => role === wanted)?.path ?? null;
  return { given: pathOf('coords'), annotations: pathOf('annotations') };
}

function tileSetOf(images: readonly ImageTiles[]): TileSet {
  let start = 0;
  return {
    images: images.map(({ image }) => {
      const tiled = { ...image, start };
      start += image.rows;
      return tiled;
    }),
  };
}

function joined(images: readonly ImageTiles[]): Uint8Array {
  const all = new Int32Array(images.reduce((length, { coords }) => length + coords.length, 0));
  let at = 0;
  for (const { coords } of images) {
    all.set(coords, at);
    at += coords.length;
  }
  return new Uint8Array(all.buffer);
}

async function outputOf(
  images: readonly ImageTiles[],
  problems: StageOutput['problems'] = [],
): Promise<StageOutput> {
  const pictures = images.flatMap(({ picture }) => (picture === null ? [] : [picture]));
  const sheet = pictures.length === 0 ? {} : { [sheetFile]: await jpegOf(await contactSheet(pictures)) };
  return {
    type: 'output',
    files: {
      [tileSetFile]: tileSetOf(images),
      [tileCoordsFile]: joined(images),
      ...sheet,
      ...Object.fromEntries(images.flatMap(({ files }) => Object.entries(files))),
    },
    problems: [...images.flatMap((image) => image.problems), ...problems],
  };
}

/**
 * The `tile` stage, with a given function to open images. It computes where the tiles of a slide, or of the cores of
 * a patient, lie, and makes pictures to check them. An image that cannot be used does not make the job fail: its
 * outcome says why.
 */
export const tileImages = (open: OpenSlide): StageCode =>
  stageOf(async (context) => {
    const { unit, config, sources } = context;
    if (unit.tiling === 'tissue')
      return outputOf(await tileScenes(slideOf(context), placesOf(context), context, open));
    const { cores, problems } = await (unit.cores === undefined
      ? tileCores(sources, unit, config.core, open)
      : ofPatient(unit, await tileCoresOnSlides(sources, unit, config.core, open)));
    return outputOf(cores, problems);
  });
