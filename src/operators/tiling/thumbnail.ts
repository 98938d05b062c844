import type { SlideReader } from '../slides/slide-reader.js';
import { readShrunk } from './read-shrunk.js';
import { fitted, type RgbImage } from './rgb-image.js';

/**
 * The whole image with at most `longest` pixels on its longer side, made from the smallest level that is large
 * enough.
 */
export async function thumbnailOf(reader: SlideReader, longest: number): Promise<RgbImage> {
  const { levels } = reader.info;
  const sides = levels.map(({ width, height }) => Math.max(width, height));
  const level = Math.max(
    0,
    sides.findLastIndex((side) => side >= longest),
  );
  const { width: levelWidth, height: levelHeight } = levels[level] as (typeof levels)[number];
  // A picture many times longer than wide keeps at least one pixel on its short side.
  const most = Math.min(levelWidth, levelHeight);
  const shrink = Math.max(1, Math.min(most, Math.floor((sides[level] as number) / longest)));
  const [shrunkWidth, shrunkHeight] = [levelWidth, levelHeight].map((side) => Math.floor(side / shrink)) as [
    number,
    number,
  ];
  const data = new Uint8Array(shrunkWidth * shrunkHeight * 3);
  await readShrunk(reader, level, shrink, (rgb, y) => data.set(rgb, y * shrunkWidth * 3));
  return fitted({ width: shrunkWidth, height: shrunkHeight, data }, longest);
}
