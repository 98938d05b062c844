import sharp from 'sharp';
import type { PixelSource } from './pixel-source.js';
import type { Region } from './slide-reader.js';
import type { TiffPage } from './tiff-directory.js';

/**
 * Pixels of TIFF pages by libvips: whole strips in one call, because a call costs about as much as three tiles. Profiles are
 * not applied (what CLAM and OpenSlide see), and only the tiles of the region are decoded.
 */
export const libvipsPixels = (path: string, levels: readonly TiffPage[]): PixelSource => ({
  async read(level: number, { x, y, width, height }: Region): Promise<Uint8Array> {
    const { page, subifd } = levels[level] as TiffPage;
    const pixels = await sharp(path, {
      page,
      ...(subifd === null ? {} : { tiff: { subifd } }),
      ignoreIcc: true,
      limitInputPixels: false,
      failOn: 'error',
    })
      .extract({ left: x, top: y, width, height })
      .removeAlpha()
      .raw()
      .toBuffer();
    // A Buffer's `slice` shares memory where an array's copies, and its `subarray` is slow.
    return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length);
  },
});
