import { open } from 'node:fs/promises';
import { HafError } from '../../pipeline/core/errors.js';
import { compressionKind, type CompressionKind } from './compression.js';
import { messageOf } from './error-message.js';
import { fileKindOf, type ForeignKind, foreignTiff } from './file-kind.js';
import { gridReader } from './grid-reader.js';
import { jpeg2000Pixels } from './jpeg2000-pixels.js';
import { jpegPage, type JpegPage, sampleMixesColours } from './jpeg-pages.js';
import type { LevelGrid } from './level-grid.js';
import { libvipsPixels } from './libvips-pixels.js';
import { pyramidRefusal } from './pixel-format.js';
import { openWithOpenSlide } from './open-with-openslide.js';
import { openFlat, openPicture } from './plain-image.js';
import { sceneText } from './scene-data.js';
import { slideFacts } from './slide-facts.js';
import type { SlideInfo, SlideReader } from './slide-reader.js';
import { readTiffDirectory, type TiffFile, type TiffPage } from './tiff-directory.js';
import { flatPages, gridOf, levelsOf, type TiledPages, tiledPages } from './tiff-levels.js';
import { inFileOrder } from './tiff-scenes.js';
import { mixedWarning, retaggedWarning } from './tiff-warnings.js';
import {
  convertWithBioFormats,
  convertWithVips,
  copyAgain,
  exportAsRgb,
  noScene,
  unreadable,
} from './unreadable.js';

/** @throws HafError if this program cannot decode the pixels, so that they are never read */
function gate(path: string, page: TiffPage): void {
  const { name, route } = compressionKind(page.compression);
  if (route === null)
    throw unreadable(path, `its compression is ${name}, which is not read here`, convertWithVips(path));
}

/** @throws HafError if the decoder would return wrong pixels for a page without an error */
function gateDecoder(path: string, { compression }: TiffPage, decoder: CompressionKind['decoder']): void {
  const kind = compressionKind(compression);
  if (kind.decoder !== decoder)
    throw unreadable(
      path,
      `it holds ${kind.name} where only ${decoder === 'libvips' ? 'other compressions are' : 'JPEG 2000 is'} read`,
      convertWithVips(path),
    );
}

function requireRgb(path: string, page: TiffPage): void {
  const refusal = pyramidRefusal(page);
  if (refusal !== null) throw unreadable(path, refusal, exportAsRgb);
}

function requireEightBits(path: string, { header }: JpegPage): void {
  if (header === null || header.components.length === 0 || header.precision === 8) return;
  throw unreadable(
    path,
    `its JPEG tiles hold samples of ${header.precision} bits; expected 8-bit RGB`,
    exportAsRgb,
  );
}

const count = (grid: LevelGrid): number => grid.stored.reduce((sum, one) => sum + 1 - one, 0);

async function openPyramid(
  path: string,
  tiff: TiffFile,
  { levels: said, others }: TiledPages,
): Promise<SlideReader> {
  const kind = compressionKind((said[0] as TiffPage).compression);
  for (const page of said) {
    gate(path, page);
    gateDecoder(path, page, kind.decoder);
  }
  const file = await open(path, 'r');
  try {
    const jpegs: JpegPage[] = [];
    for (const page of said) jpegs.push(await jpegPage(file, page));
    for (const jpeg of jpegs) {
      requireRgb(path, jpeg.page);
      requireEightBits(path, jpeg);
    }
    const levels = jpegs.map(({ page }) => page);
    const grids = gridsOf(path, tiff, levels);
    const [missingTiles = 0, ...missingBelow] = grids.map(count);
    const gaps = missingBelow.reduce((sum, missing) => sum + missing, 0);
    const facts = slideFacts(path, tiff, levels[0] as TiffPage, others);
    const refuted = jpegs.find((jpeg) => jpeg.refuted !== null)?.refuted ?? null;
    let mixed = false;
    for (const page of levels) mixed ||= await sampleMixesColours(file, page);
    const info: SlideInfo = {
      ...facts,
      route: kind.route ?? 'strips',
      levels: levelsOf(levels),
      compression: kind.name,
      missingTiles,
      notes: [
        ...(gaps > 0 ? [`${gaps} tiles of lower levels have no data and read as black`] : []),
        ...facts.notes,
      ],
      warnings: [...retaggedWarning(refuted), ...mixedWarning(mixed), ...facts.warnings],
    };
    const source =
      kind.decoder === 'libvips'
        ? libvipsPixels(path, file, levels, grids)
        : jpeg2000Pixels(file, levels, grids);
    return gridReader(path, info, grids, source);
  } catch (error) {
    await file.close();
    throw error;
  }
}

function gridsOf(path: string, tiff: TiffFile, levels: readonly TiffPage[]): readonly LevelGrid[] {
  try {
    return levels.map((page) => gridOf(page, tiff.bytes));
  } catch (error) {
    throw unreadable(path, messageOf(error), copyAgain, error);
  }
}

/**
 * Finds a scene by its number.
 * @throws HafError that lists the scenes of the file
 */
function sceneOf(
  path: string,
  tiff: TiffFile,
  largest: TiffPage,
  images: readonly TiffPage[],
  scene: number,
): TiffPage {
  const page = images[scene - 1];
  if (page !== undefined) return page;
  const others = images.filter((other) => other !== largest);
  const { scenes = [] } = slideFacts(path, tiff, largest, others);
  throw noScene(path, scene, scenes.map(sceneText));
}

async function openTiff(path: string, scene: number | null): Promise<SlideReader> {
  let tiff: TiffFile;
  try {
    tiff = await readTiffDirectory(path);
  } catch (error) {
    throw unreadable(path, `its TIFF structure is damaged (${messageOf(error)})`, copyAgain, error);
  }
  const foreign = foreignTiff(tiff.pages);
  if (foreign !== null)
    throw refused(path, { kind: 'foreign', name: foreign, openslide: true, converter: 'vips' });
  const tiled = tiledPages(tiff.pages);
  const [base] = tiled.levels;
  const flat = flatPages(tiff.pages);
  const largest = base ?? flat.page;
  if (largest === null) throw unreadable(path, 'it is a TIFF without images', copyAgain);
  const images = inFileOrder([largest, ...(base === undefined ? flat : tiled).others]);
  const page = scene === null ? largest : sceneOf(path, tiff, largest, images, scene);
  const others = images.filter((other) => other !== page);
  if (page.tile !== null) {
    const { levels } = page === base ? tiled : tiledPages(tiff.pages, page);
    return openPyramid(path, tiff, { levels, others });
  }
  gate(path, page);
  gateDecoder(path, page, 'libvips');
  return openFlat(path, tiff, page, others);
}

/** A format that this program does not read: the error names the reader or the converter. */
function refused(path: string, { name, openslide, converter }: ForeignKind): HafError {
  const convert = converter === 'vips' ? convertWithVips(path) : convertWithBioFormats(path);
  if (!openslide) return unreadable(path, `${name} is not read here`, convert);
  return unreadable(
    path,
    `${name} is read by OpenSlide, which was not installed on the machine that first examined the slide`,
    `Run "haf-pipeline slides install" and the same command again. Or: ${convert}`,
  );
}

/**
 * Opens a slide - Aperio SVS, OME-TIFF, any pyramidal tiled TIFF - or a PNG, JPEG or flat TIFF as a slide of one level.
 * Reads only tags; {@link probeSlide} also checks whether the pixels can be read.
 *
 * @param by the result of `slideReaderOf` for the file: null opens it with our reader, `openslide` with OpenSlide in
 * another process
 * @param scene number of the image in a file with several, as in `SlideInfo.scenes`; null for the largest
 * @throws HafError HAF_SLIDE_UNREADABLE with the reason and what to do, for example the command that converts it
 * @throws HafError HAF_OPENSLIDE_UNAVAILABLE if OpenSlide is requested and this machine has none
 */
export async function openSlide(
  path: string,
  by: 'openslide' | null = null,
  scene: number | null = null,
): Promise<SlideReader> {
  if (by === 'openslide') return openWithOpenSlide(path, scene);
  try {
    const file = await fileKindOf(path);
    switch (file.kind) {
      case 'tiff':
        return await openTiff(path, scene);
      case 'plain':
        if (scene !== null && scene > 1) throw noScene(path, scene, []);
        return await openPicture(path);
      case 'none':
        throw unreadable(path, file.instead.what, file.instead.fix);
      case 'foreign':
        throw refused(path, file);
      case 'unknown':
        throw unreadable(
          path,
          'it is not a TIFF, PNG or JPEG',
          'Take it out of the glob, or convert it to a pyramidal TIFF (vips tiffsave, bfconvert).',
        );
    }
  } catch (error) {
    if (error instanceof HafError) throw error;
    throw unreadable(path, messageOf(error), 'Check that the file exists, and its permissions.', error);
  }
}
