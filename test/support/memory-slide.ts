import type { Region, SlideInfo, SlideReader } from '../../src/operators/slides/slide-reader.js';
import type { Picture } from './blobs.js';

/** Copies the pixels of a region; pixels outside the picture are black. */
export function cut({ width, height, rgb }: Picture, region: Region): Uint8Array {
  const out = new Uint8Array(region.width * region.height * 3);
  const [left, right] = [Math.max(0, region.x), Math.min(width, region.x + region.width)];
  for (let y = Math.max(0, region.y); left < right && y < Math.min(height, region.y + region.height); y++) {
    const row = rgb.subarray((y * width + left) * 3, (y * width + right) * 3);
    out.set(row, ((y - region.y) * region.width + left - region.x) * 3);
  }
  return out;
}

/** A slide in memory. Its levels are given largest first. */
export function memorySlide(levels: readonly Picture[], info: Partial<SlideInfo> = {}): SlideReader {
  const base = levels[0] as Picture;
  return {
    info: {
      vendor: 'aperio',
      route: 'strips',
      levels: levels.map(({ width, height }) => ({
        width,
        height,
        downsample: (base.width / width + base.height / height) / 2,
      })),
      mpp: { x: 0.25, y: 0.25, source: 'Aperio MPP' },
      magnification: 40,
      compression: 'JPEG',
      missingTiles: 0,
      notes: [],
      warnings: [],
      mppSaid: null,
      ...info,
    },
    read: (level, region) => Promise.resolve(cut(levels[level] as Picture, region)),
    close: () => Promise.resolve(),
  };
}

/** A picture of one light grey, with rectangles painted over it. */
export function plainPicture(
  width: number,
  height: number,
  rectangles: readonly (Region & { readonly colour: readonly [number, number, number] })[] = [],
): Picture {
  const rgb = new Uint8Array(width * height * 3).fill(240);
  for (const { x, y, width: w, height: h, colour } of rectangles) {
    const line = Uint8Array.from({ length: w * 3 }, (_, i) => colour[i % 3] as number);
    for (let row = y; row < y + h; row++) rgb.set(line, (row * width + x) * 3);
  }
  return { width, height, rgb };
}
