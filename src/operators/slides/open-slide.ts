import { open } from 'node:fs/promises';
import { HafError } from '../../pipeline/core/errors.js';
import { compressionKind, type CompressionKind } from './compression.js';
import { fileKindOf, foreignTiff } from './file-kind.js';
import { gridReader } from './grid-reader.js';
import { jpeg2000Pixels } from './jpeg2000-pixels.js';
import type { LevelGrid } from './level-grid.js';
import { libvipsPixels } from './libvips-pixels.js';
import { plainPixels, plainSize } from './plain-pixels.js';
import { magnificationOf, mppOf } from './slide-physics.js';
import type { SlideInfo, SlideReader } from './slide-reader.js';
import { readTiffDirectory, type TiffFile, type TiffPage } from './tiff-directory.js';
import { gridOf, levelsOf, pyramidOf, vendorOf } from './tiff-levels.js';
import { convertWithBioFormats, convertWithVips, copyAgain, unreadable } from './unreadable.js';

/** An image without pyramid is decoded whole and kept; more pixels would be more than 0.6 GB. */
const mostPlainPixels = 2e8;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function openPlain(path: string, page: TiffPage | null): Promise<SlideReader> {
  let size: Awaited<ReturnType<typeof plainSize>>;
  try {
    size = await plainSize(path);
  } catch (error) {
    throw unreadable(path, `its header is damaged (${messageOf(error)})`, copyAgain, error);
  }
  const { width, height, format } = size;
  if (width * height > mostPlainPixels)
    throw unreadable(path, `${width} x ${height} pixels without tiles or pyramid`, convertWithVips(path));
  const info: SlideInfo = {
    vendor: 'plain',
    route: 'strips',
    levels: [{ width, height, downsample: 1 }],
    mpp: page === null ? null : mppOf(vendorOf(page), page),
    magnification: page === null ? null : magnificationOf(vendorOf(page), page),
    compression: page === null ? format.toUpperCase() : compressionKind(page.compression).name,
    missingTiles: 0,
    notes: [],
  };
  return gridReader(path, info, [null], plainPixels(path, width, height));
}

/** @throws HafError when the pixels are nothing that is decoded here, so that they are never asked for */
function gate(path: string, page: TiffPage): void {
  const { name, route } = compressionKind(page.compression);
  if (route === null)
    throw unreadable(path, `its compression is ${name}, which is not read here`, convertWithVips(path));
}

/** @throws HafError when a page would be given to a decoder that makes other pixels of it, without an error */
function gateDecoder(path: string, { compression }: TiffPage, decoder: CompressionKind['decoder']): void {
  const kind = compressionKind(compression);
  if (kind.decoder !== decoder)
    throw unreadable(
      path,
      `it holds ${kind.name} where only ${decoder === 'libvips' ? 'other compressions are' : 'JPEG 2000 is'} read`,
      convertWithVips(path),
    );
}

function requireRgb(path: string, { samples, bits, photometric, planar, compression }: TiffPage): void {
  const rgb = photometric === 2 || photometric === 6;
  if (!rgb || samples < 3 || samples > 4 || bits.some((depth) => depth !== 8))
    throw unreadable(
      path,
      `it holds ${samples} samples of ${bits[0]} bits per pixel, photometric ${photometric}; expected 8-bit RGB`,
      'Export the brightfield image as 8-bit RGB.',
    );
  if (planar === 2 && compressionKind(compression).route === 'tiles')
    throw unreadable(path, 'it stores its colours apart, as JPEG 2000', convertWithVips(path));
}

const count = (grid: LevelGrid): number => grid.stored.reduce((sum, one) => sum + 1 - one, 0);

async function openPyramid(path: string, tiff: TiffFile, levels: readonly TiffPage[]): Promise<SlideReader> {
  const base = levels[0] as TiffPage;
  const kind = compressionKind(base.compression);
  for (const page of levels) {
    gate(path, page);
    gateDecoder(path, page, kind.decoder);
    requireRgb(path, page);
  }
  let grids: readonly LevelGrid[];
  try {
    grids = levels.map((page) => gridOf(page, tiff.bytes));
  } catch (error) {
    throw unreadable(path, messageOf(error), copyAgain, error);
  }
  const vendor = vendorOf(base);
  const [missingTiles = 0, ...missingBelow] = grids.map(count);
  const gaps = missingBelow.reduce((sum, missing) => sum + missing, 0);
  const info: SlideInfo = {
    vendor,
    route: kind.route ?? 'strips',
    levels: levelsOf(levels),
    mpp: mppOf(vendor, base),
    magnification: magnificationOf(vendor, base),
    compression: kind.name,
    missingTiles,
    notes: gaps > 0 ? [`${gaps} tiles of lower levels have no data and read as black`] : [],
  };
  const file = await open(path, 'r');
  const source =
    kind.decoder === 'libvips' ? libvipsPixels(path, file, levels) : jpeg2000Pixels(file, levels, grids);
  return gridReader(path, info, grids, source);
}

async function openTiff(path: string): Promise<SlideReader> {
  let tiff: TiffFile;
  try {
    tiff = await readTiffDirectory(path);
  } catch (error) {
    throw unreadable(path, `its TIFF structure is damaged (${messageOf(error)})`, copyAgain, error);
  }
  const foreign = foreignTiff(tiff.pages);
  if (foreign !== null) throw unreadable(path, `${foreign} is not read here`, convertWithVips(path));
  const [first] = tiff.pages;
  if (first === undefined) throw unreadable(path, 'it is a TIFF without images', copyAgain);
  const levels = pyramidOf(tiff.pages);
  if (levels.length > 0) return openPyramid(path, tiff, levels);
  gate(path, first);
  gateDecoder(path, first, 'libvips');
  return openPlain(path, first);
}

/**
 * Opens a slide - Aperio SVS, OME-TIFF, any pyramidal tiled TIFF - or a PNG, JPEG or flat TIFF as a slide of one level.
 * Only tags are read: {@link probeSlide} tells whether its pixels can be, too.
 *
 * @throws HafError HAF_SLIDE_UNREADABLE with the reason and what to do, for example the command that converts it
 */
export async function openSlide(path: string): Promise<SlideReader> {
  try {
    const file = await fileKindOf(path);
    switch (file.kind) {
      case 'tiff':
        return await openTiff(path);
      case 'plain':
        return await openPlain(path, null);
      case 'empty':
        throw unreadable(path, 'it is empty', copyAgain);
      case 'foreign':
        throw unreadable(
          path,
          `${file.name} is not read here`,
          file.converter === 'vips' ? convertWithVips(path) : convertWithBioFormats(path),
        );
      case 'unknown':
        throw unreadable(
          path,
          'it is no TIFF, PNG or JPEG',
          'Take it out of the glob, or convert it to a pyramidal TIFF (vips tiffsave, bfconvert).',
        );
    }
  } catch (error) {
    if (error instanceof HafError) throw error;
    throw unreadable(path, messageOf(error), 'Check that the file is there and its rights.', error);
  }
}
