import type { FileHandle } from 'node:fs/promises';
import { type JpegComponent, type JpegHeader, jpegColours, jpegHeader } from './jpeg-header.js';
import type { TiffPage } from './tiff-directory.js';

export const jpegCompression = 7;
const rgb = 2;
const ycc = 6;
const jpegTables = 347;
const photometricTag = 262;
const subsamplingTag = 530;
/** Frames stand within it; only profiles and previews that do not belong into a tile are longer. */
const headerBytes = 65_536;

/** The first tile or strip of a page that has data, as far as its markers go. */
async function firstHeader(file: FileHandle, { chunks, decoding }: TiffPage): Promise<JpegHeader | null> {
  for (let i = 0; i < chunks.offsets.length && i < chunks.byteCounts.length; i++) {
    const length = Math.min(chunks.byteCounts[i] as number, headerBytes);
    if (length === 0) continue;
    const bytes = new Uint8Array(length);
    const { bytesRead } = await file.read(bytes, 0, length, chunks.offsets[i] as number);
    const header = jpegHeader(bytes.subarray(0, bytesRead));
    const tables = jpegHeader(Uint8Array.from(decoding.get(jpegTables) ?? []));
    return header && { ...header, adobe: header.adobe ?? tables?.adobe ?? null };
  }
  return null;
}

/** A page of JPEG tiles or strips, with the colours of its stream. */
export interface JpegPage {
  readonly page: TiffPage;
  readonly header: JpegHeader | null;
  /** Colours that the tag says and the stream refutes; null when they agree or the stream leaves it open. */
  readonly refuted: 'RGB' | 'YCbCr' | null;
}

/** YCbCrSubSampling as TIFF 6.0 allows it; null for a stream that is damaged or of a kind that libtiff refuses by itself. */
function subsamplingOf([y, cb]: readonly JpegComponent[]): readonly number[] | null {
  if (y === undefined || cb === undefined) return null;
  const factors = [y.h / cb.h, y.v / cb.v];
  return factors.every((factor) => [1, 2, 4].includes(factor)) ? factors : null;
}

/**
 * Compares the PhotometricInterpretation tag of a page with its JPEG stream. Some converters leave RGB in the tag over
 * tiles of YCbCr; whoever believes it sees glass in salmon. The stream decides, where it does.
 */
export async function jpegPage(file: FileHandle, page: TiffPage): Promise<JpegPage> {
  const header = page.compression === jpegCompression ? await firstHeader(file, page) : null;
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
