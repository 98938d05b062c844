import type { FileHandle } from 'node:fs/promises';
import { type JpegComponent, type JpegHeader, jpegColours, jpegHeader } from './jpeg-header.js';
import type { TiffPage } from './tiff-directory.js';

export const jpegCompression = 7;
const rgb = 2;
const ycc = 6;
const jpegTables = 347;
const photometricTag = 262;
const subsamplingTag = 530;
/**
 * Number of bytes in which the frame header of a stream is expected. Only profiles and previews, which do not belong in
 * a tile, would make the header longer.
 */
const headerBytes = 65_536;
/** Number of bytes that are read first from a tile: enough for a header with tables but without a profile. */
const usualHeaderBytes = 2048;

/** The markers of a tile or strip, together with the common tables of its page. */
function headerIn({ decoding }: TiffPage, bytes: Uint8Array): JpegHeader | null {
  const header = jpegHeader(bytes);
  const tables = jpegHeader(Uint8Array.from(decoding.get(jpegTables) ?? []));
  return header && { ...header, adobe: header.adobe ?? tables?.adobe ?? null };
}

/** The markers of one tile or strip. Null if it has no data, or is not a JPEG. */
async function headerAt(
  file: FileHandle,
  page: TiffPage,
  chunk: number,
  most: number,
): Promise<JpegHeader | null> {
  const length = Math.min(page.chunks.byteCounts[chunk] ?? 0, most);
  if (length === 0) return null;
  const bytes = new Uint8Array(length);
  const { bytesRead } = await file.read(bytes, 0, length, page.chunks.offsets[chunk] ?? 0);
  return headerIn(page, bytes.subarray(0, bytesRead));
}

/** The markers of the first tile or strip of a page that has data. */
async function firstHeader(file: FileHandle, page: TiffPage): Promise<JpegHeader | null> {
  const chunk = page.chunks.byteCounts.findIndex((bytes) => bytes > 0);
  return chunk < 0 ? null : headerAt(file, page, chunk, headerBytes);
}

/**
 * A page of JPEG tiles or strips. `page` has the colour space of the JPEG stream, even if the tag in the file differs.
 */
export interface JpegPage {
  readonly page: TiffPage;
  readonly header: JpegHeader | null;
  /** The colour space in the tag, if the stream contradicts it. Null if both agree or the stream does not decide. */
  readonly refuted: 'RGB' | 'YCbCr' | null;
}

/**
 * The value of the tag YCbCrSubSampling for a JPEG stream with these components. Null if TIFF 6.0 does not allow the
 * value: the stream is damaged, or libtiff refuses it anyway.
 */
function subsamplingOf([y, cb]: readonly JpegComponent[]): readonly number[] | null {
  if (y === undefined || cb === undefined) return null;
  const factors = [y.h / cb.h, y.v / cb.v];
  return factors.every((factor) => [1, 2, 4].includes(factor)) ? factors : null;
}

/**
 * Compares the PhotometricInterpretation tag of a page with its JPEG stream. Some converters leave RGB in the tag
 * although the tiles are YCbCr; a reader that trusts the tag shows salmon-coloured glass. If the stream decides the
 * colour space, the stream takes precedence.
 */
export async function jpegPage(file: FileHandle, page: TiffPage): Promise<JpegPage> {
  const header = page.compression === jpegCompression ? await firstHeader(file, page) : null;
  return pageOf(page, header);
}

/** The page with the colour space that the header of a tile states. */
function pageOf(page: TiffPage, header: JpegHeader | null): JpegPage {
  const colours = header === null || page.planar === 2 ? null : jpegColours(header);
  const photometric = colours === 'YCbCr' ? ycc : rgb;
  if (header === null || colours === null || photometric === page.photometric)
    return { page, header, refuted: null };
  const decoding = new Map(page.decoding).set(photometricTag, [photometric]);
  const subsampling = photometric === ycc ? subsamplingOf(header.components) : null;
  if (subsampling === null) decoding.delete(subsamplingTag);
  else decoding.set(subsamplingTag, subsampling);
  return {
    page: { ...page, photometric, retagged: true, decoding },
    header,
    refuted: colours === 'YCbCr' ? 'RGB' : 'YCbCr',
  };
}

/** Whether the stream of a tile has another colour space than its page. False if the stream does not decide. */
const differs = (page: TiffPage, header: JpegHeader | null): boolean => pageOf(page, header).refuted !== null;

const isJpeg = ({ compression, planar }: TiffPage): boolean =>
  compression === jpegCompression && planar !== 2;

/**
 * The page with the colour space of one of its tiles. The tiles of a page can have different colour spaces if a program
 * copied tiles of two slides into one file.
 */
export const pageOfTile = (page: TiffPage, tile: Uint8Array): TiffPage =>
  isJpeg(page) ? pageOf(page, headerIn(page, tile)).page : page;

/** Whether some of the tiles have another colour space than the page. Reads the first bytes of each tile. */
export async function mixesColours(
  file: FileHandle,
  page: TiffPage,
  tiles: Iterable<number>,
): Promise<boolean> {
  if (!isJpeg(page)) return false;
  for (const tile of tiles) {
    const short = await headerAt(file, page, tile, usualHeaderBytes);
    const whole = short?.components.length === 0 ? await headerAt(file, page, tile, headerBytes) : short;
    if (differs(page, whole)) return true;
  }
  return false;
}

/** Number of tiles of a page that are checked when a slide is opened, evenly spread. */
const sampled = 32;

/**
 * Like `mixesColours` for a few tiles of a page. A mix of colour spaces is thus reported before the pixels of the page
 * are read.
 */
export function sampleMixesColours(file: FileHandle, page: TiffPage): Promise<boolean> {
  const { length } = page.chunks.byteCounts;
  const count = Math.min(sampled, length);
  const at = Array.from({ length: count }, (_, i) => Math.round((i * (length - 1)) / Math.max(1, count - 1)));
  return mixesColours(file, page, new Set(at));
}
