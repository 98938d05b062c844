import sharp from 'sharp';

/**
 * Scales a square tile, [side, side, 3], to another side with libvips' linear kernel: a triangle that widens with the factor
 * when it shrinks, so that every pixel counts (Pillow calls it bilinear). Each tile by itself: no neighbour bleeds in.
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
