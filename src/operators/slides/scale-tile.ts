import sharp from 'sharp';

/**
 * Scales a square tile, [side, side, 3], to another side length with libvips' linear kernel. If the tile is shrunk, the
 * triangle filter is widened by the same factor, so that every pixel counts (Pillow calls this filter bilinear). Tiles
 * are scaled separately, so neighbouring tiles have no influence.
 */
export const scaleTile = (rgb: Uint8Array, from: number, to: number): Promise<Uint8Array> =>
  sharp(rgb, { raw: { width: from, height: from, channels: 3 } })
    .resize(to, to, { kernel: 'linear', fit: 'fill' })
    .raw()
    .toBuffer();

/** Scales a whole image, [height, width, 3], to a square whatever its shape, with Lanczos' kernel (method.md 3.3). */
export const squeezeImage = (
  rgb: Uint8Array,
  width: number,
  height: number,
  to: number,
): Promise<Uint8Array> =>
  sharp(rgb, { raw: { width, height, channels: 3 }, limitInputPixels: false })
    .resize(to, to, { kernel: 'lanczos3', fit: 'fill' })
    .raw()
    .toBuffer();
