import sharp from 'sharp';
import { encodeJpeg2000 } from '../slides/jpeg2000.js';
import type { TiffTag } from './tiff-writer.js';
import { splitTables } from './jpeg-tables.js';

/** How the tiles of a slide are compressed. Both kinds of JPEG 2000 are lossless. */
export type SlideCompression = 'jpeg' | 'jp2k33003' | 'jp2k33005';

/** Encodes pixels [height, width, 3] as a JPEG with the tables that all JPEGs of this quality share. */
export const encodeJpeg = (
  rgb: Uint8Array,
  width: number,
  height: number,
  quality: number,
): Promise<Buffer> =>
  sharp(rgb, { raw: { width, height, channels: 3 } })
    .jpeg({ quality, chromaSubsampling: '4:2:0', optimiseCoding: false })
    .toBuffer();

/** Tags that say how the pixels of a page are coded. */
export function codingTags(compression: SlideCompression, jpegTables: Uint8Array | null): readonly TiffTag[] {
  const tag = (id: number, ...values: number[]): TiffTag => ({ id, type: 'short', values });
  switch (compression) {
    case 'jpeg':
      return [
        tag(259, 7),
        tag(262, 6),
        tag(530, 2, 2),
        ...(jpegTables === null ? [] : [{ id: 347, type: 'undefined', values: jpegTables } as const]),
      ];
    case 'jp2k33003':
      return [tag(259, 33_003), tag(262, 6)];
    case 'jp2k33005':
      return [tag(259, 33_005), tag(262, 2)];
  }
}

/** Compresses one tile. Also returns the JPEG tables that decoding it needs; null for JPEG 2000. */
export async function encodeTile(
  compression: SlideCompression,
  rgb: Uint8Array,
  side: number,
  quality: number,
): Promise<{ readonly tile: Uint8Array; readonly tables: Uint8Array | null }> {
  switch (compression) {
    case 'jpeg':
      return splitTables(await encodeJpeg(rgb, side, side, quality));
    case 'jp2k33003':
      return { tile: await encodeJpeg2000(toYcc(rgb), side, side), tables: null };
    case 'jp2k33005':
      return { tile: await encodeJpeg2000(rgb, side, side), tables: null };
  }
}

/** Converts RGB to YCbCr as JPEG files use it: full-range BT.601 (ITU-T T.871 section 7). */
function toYcc(rgb: Uint8Array): Uint8Array {
  const ycc = new Uint8ClampedArray(rgb.length);
  for (let i = 0; i < rgb.length; i += 3) {
    const [r = 0, g = 0, b = 0] = [rgb[i], rgb[i + 1], rgb[i + 2]];
    ycc[i] = 0.299 * r + 0.587 * g + 0.114 * b;
    ycc[i + 1] = 128 - 0.168736 * r - 0.331264 * g + 0.5 * b;
    ycc[i + 2] = 128 + 0.5 * r - 0.418688 * g - 0.081312 * b;
  }
  return new Uint8Array(ycc.buffer);
}
