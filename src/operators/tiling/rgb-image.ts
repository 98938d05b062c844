import sharp, { type Sharp } from 'sharp';
import type { GreyImage } from './grey-image.js';

/** 8-bit RGB, row after row: [height, width, 3]. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const jpegQuality = 80;

const rawOf = ({ width, height, data }: RgbImage | GreyImage, channels: 1 | 3): Sharp =>
  sharp(data, { raw: { width, height, channels }, limitInputPixels: false });

/**
 * The picture, scaled so that its longer side has at most `longest` pixels. A smaller picture is returned unchanged.
 */
export async function fitted(image: RgbImage, longest: number): Promise<RgbImage> {
  if (Math.max(image.width, image.height) <= longest) return image;
  const { data, info } = await rawOf(image, 3)
    .resize(longest, longest, { fit: 'inside' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

export const jpegOf = (image: RgbImage): Promise<Uint8Array> =>
  rawOf(image, 3).jpeg({ quality: jpegQuality }).toBuffer();

export const pngOf = (image: GreyImage): Promise<Uint8Array> =>
  rawOf(image, 1).toColourspace('b-w').png().toBuffer();
