import { open } from 'node:fs/promises';
import type { SlideReader, SlideInfo } from './slide-reader.js';
import { compressionKind } from './compression.js';
import { messageOf } from './error-message.js';
import { gridReader } from './grid-reader.js';
import { type JpegHeader, jpegHeader } from './jpeg-header.js';
import { jpegPage, mixesColours } from './jpeg-pages.js';
import { packedStrips } from './packed-tiff.js';
import { flatRefusal } from './pixel-format.js';
import { type PlainHeader, plainHeader, type PlainInput, plainPixels } from './plain-pixels.js';
import { slideFacts, type SlideFacts } from './slide-facts.js';
import type { TiffFile, TiffPage } from './tiff-directory.js';
import { retaggedWarning } from './tiff-warnings.js';
import { convertWithVips, copyAgain, exportAsRgb, unreadable } from './unreadable.js';

/** An image without pyramid is decoded as a whole and kept in memory. More pixels would need more than 0.6 GB. */
const mostPixels = 2e8;
/**
 * The limit for images of 16 bits, and for interlaced and progressive images. Such an image is in memory twice: once as
 * RGB, and once with two or more bytes per sample.
 */
const mostPixelsTwice = 8e7;
/**
 * Number of first bytes of a JPEG that are searched for its frame header, which gives the bits and the components of a
 * pixel. EXIF, profiles and previews may come before it.
 */
const jpegHeaderBytes = 4 * 2 ** 20;

/** Colour spaces that libvips converts to 8-bit RGB without changing a colour. */
const readableSpaces: ReadonlySet<string> = new Set(['srgb', 'b-w', 'rgb16', 'grey16']);

const silent: SlideFacts = {
  ...{ vendor: 'plain', mpp: null, mppSaid: null, magnification: null, warnings: [], notes: [] },
};

async function opened(
  path: string,
  input: PlainInput,
  compression: string | null,
  facts: SlideFacts,
): Promise<SlideReader> {
  let header: PlainHeader;
  try {
    header = await plainHeader(input);
  } catch (error) {
    throw unreadable(path, `its header is damaged (${messageOf(error)})`, copyAgain, error);
  }
  const { width, height, format, space, channels, progressive } = header;
  if (!readableSpaces.has(space) || channels > 4)
    throw unreadable(
      path,
      `it holds ${channels} samples per pixel in the colour space ${space}; expected RGB or grey`,
      exportAsRgb,
    );
  if (width * height > (progressive || space.endsWith('16') ? mostPixelsTwice : mostPixels))
    throw unreadable(path, `${width} x ${height} pixels without tiles or pyramid`, convertWithVips(path));
  const info: SlideInfo = {
    ...facts,
    vendor: 'plain',
    route: 'strips',
    levels: [{ width, height, downsample: 1 }],
    compression: compression ?? format.toUpperCase(),
    missingTiles: 0,
  };
  return gridReader(path, info, [null], plainPixels(input, header));
}

/**
 * Why the colours of a JPEG file cannot be read. libvips would convert CMYK by a colour profile, which changes the
 * colours, and cannot convert other formats to 8-bit RGB.
 */
function jpegRefusal({ precision, components }: JpegHeader): string | null {
  if (components.length === 0 || (precision === 8 && [1, 3].includes(components.length))) return null;
  const inks = components.length === 4 ? ' (CMYK)' : '';
  return `it is a JPEG of ${components.length} samples of ${precision} bits per pixel${inks}; expected 8-bit RGB or grey`;
}

async function startOf(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const bytes = new Uint8Array(Math.min(size, jpegHeaderBytes));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Opens a PNG or JPEG file. @throws HafError HAF_SLIDE_UNREADABLE */
export async function openPicture(path: string): Promise<SlideReader> {
  const header = jpegHeader(await startOf(path));
  const refusal = header && jpegRefusal(header);
  if (refusal !== null) throw unreadable(path, refusal, exportAsRgb);
  return opened(path, { path, page: 0, subifd: null }, null, silent);
}

/**
 * Copies the compressed strips of a page to a TIFF in memory. A tag of the file states a wrong colour space, and
 * libvips would use this tag. In the copy, the tag states the colour space of the JPEG stream.
 */
async function retaggedStrips(path: string, page: TiffPage): Promise<PlainInput> {
  const { chunks, height, rowsPerStrip } = page;
  const count = Math.ceil(height / rowsPerStrip);
  if (chunks.offsets.length < count || chunks.byteCounts.length < count)
    throw new Error(`its tags name ${chunks.offsets.length} of ${count} strips`);
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    let total = 0;
    const strips: Uint8Array[] = [];
    for (let i = 0; i < count; i++) {
      const length = chunks.byteCounts[i] as number;
      total += length;
      if (total > size) throw new Error('its strips are longer than the file');
      const bytes = new Uint8Array(length);
      const { bytesRead } = await file.read(bytes, 0, length, chunks.offsets[i] as number);
      if (bytesRead < length) throw new Error(`the file ends within strip ${i}`);
      strips.push(bytes);
    }
    return { path, bytes: packedStrips(page, strips), page: 0, subifd: null };
  } finally {
    await file.close();
  }
}

/**
 * Opens a page of a TIFF without tiles.
 * @param others images of the same file that are not read
 * @throws HafError HAF_SLIDE_UNREADABLE
 */
export async function openFlat(
  path: string,
  tiff: TiffFile,
  said: TiffPage,
  others: readonly TiffPage[],
): Promise<SlideReader> {
  const file = await open(path, 'r');
  let jpeg: Awaited<ReturnType<typeof jpegPage>>;
  let mixed = false;
  try {
    jpeg = await jpegPage(file, said);
    mixed = await mixesColours(file, jpeg.page, jpeg.page.chunks.byteCounts.keys());
  } finally {
    await file.close();
  }
  const { page, header, refuted } = jpeg;
  const refusal =
    (header && jpegRefusal(header)) ??
    flatRefusal(page) ??
    stackRefusal(page, others) ??
    (mixed ? 'some of its JPEG strips are RGB, others YCbCr' : null);
  if (refusal !== null) throw unreadable(path, refusal, exportAsRgb);
  const facts = slideFacts(path, tiff, page, others);
  let input: PlainInput = { path, page: page.page, subifd: page.subifd };
  if (page.retagged)
    try {
      input = await retaggedStrips(path, page);
    } catch (error) {
      throw unreadable(path, messageOf(error), copyAgain, error);
    }
  return opened(path, input, compressionKind(page.compression).name, {
    ...facts,
    warnings: [...retaggedWarning(refuted), ...facts.warnings],
  });
}

/**
 * Finds the number of images of an image stack in the description that ImageJ writes. The TIFF directories do not give
 * this number, because ImageJ writes a single directory for all images of a stack.
 */
const imageJCount = /^images=(\d+)/m;

/**
 * Refuses grey images of equal size: they are the channels of one picture, or a stack, so none of them is the
 * picture.
 */
function stackRefusal(page: TiffPage, others: readonly TiffPage[]): string | null {
  const alike = others.filter(
    ({ width, height, samples }) =>
      width === page.width && height === page.height && samples === page.samples,
  ).length;
  const listed = page.description.startsWith('ImageJ=') ? imageJCount.exec(page.description)?.[1] : undefined;
  const images = Math.max(alike + 1, Number(listed ?? 1));
  if (page.samples > 2 || images < 2) return null;
  return `it holds ${images} grey images of ${page.width} x ${page.height} pixels: channels or a stack, not an RGB image`;
}
