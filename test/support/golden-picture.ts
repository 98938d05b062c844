import type { Picture } from './blobs.js';

const sizes = { width: 160, height: 120 } as const;

type Disc = readonly [x: number, y: number, radius: number, colour: readonly [number, number, number]];

const stain = [214, 150, 200] as const;
const glass = [241, 240, 242] as const;
const discs: readonly Disc[] = [
  [45, 50, 36, stain],
  [38, 44, 13, glass],
  [40, 45, 5, [180, 120, 190]],
  [62, 66, 8, glass],
  [58, 30, 4, glass],
  [120, 30, 25, [230, 190, 215]],
  [130, 20, 10, glass],
  [118, 95, 22, stain],
  [96, 92, 9, stain],
  [122, 99, 6, glass],
  [112, 90, 5, glass],
  [12, 108, 7, stain],
  [158, 60, 6, stain],
];

/**
 * Draws discs with holes, pieces inside holes, pieces at the border and a deterministic speckle. Uses only whole numbers, so the
 * result is the same on every machine.
 */
export function goldenPicture(): Picture {
  const { width, height } = sizes;
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let colour: readonly number[] = glass;
      for (const [cx, cy, radius, of] of discs) if ((x - cx) ** 2 + (y - cy) ** 2 <= radius ** 2) colour = of;
      const grain = ((x * 7919 + y * 104729) % 31) - 15;
      const speck = (x * 31 + y * 17) % 97 === 0 ? 60 : 0;
      rgb.set(
        [(colour[0] ?? 0) - speck, (colour[1] ?? 0) + Math.trunc(grain / 4), colour[2] ?? 0],
        (y * width + x) * 3,
      );
    }
  return { width, height, rgb };
}
