import sharp from 'sharp';
import { copyPixels } from './level-grid.js';
import type { PixelSource } from './pixel-source.js';
import type { Region } from './slide-reader.js';

const options = { ignoreIcc: true, limitInputPixels: false, failOn: 'error' } as const;

/** Width and height of an image without pyramid. @throws Error of any kind when it is none */
export async function plainSize(path: string): Promise<{ width: number; height: number; format: string }> {
  const { width, height, format } = await sharp(path, options).metadata();
  return { width, height, format };
}

/** Such an image can only be decoded from its beginning: it is decoded whole, once, and kept. */
export function plainPixels(path: string, width: number, height: number): PixelSource {
  let whole: Promise<Uint8Array> | null = null;
  return {
    async read(_level: number, region: Region): Promise<Uint8Array> {
      whole ??= sharp(path, options).toColourspace('srgb').removeAlpha().raw().toBuffer();
      const pixels = new Uint8Array(region.width * region.height * 3);
      copyPixels(await whole, { x: 0, y: 0, width, height }, pixels, region);
      return pixels;
    },
  };
}
