import type { Config } from '../../pipeline/config/schema.js';
import type { SlideReader } from '../slides/slide-reader.js';
import type { TileGeometry } from './tiles-data.js';

type Size = { readonly width: number; readonly height: number };

/**
 * How a core is divided: into tiles, or not at all if the experiment asks for whole cores or the core is smaller than
 * a tile (method.md 2.6, 3.3).
 */
export function coreGeometry({ level, size, step }: Config['core'], { width, height }: Size): TileGeometry {
  const base = { sizePx: size, level: 0, mpp: null };
  if (level === 'tile256' && width >= size && height >= size)
    return { ...base, readPx: size, level0Px: size, stepLevel0Px: step };
  const side = Math.max(width, height);
  return { ...base, readPx: side, level0Px: side, stepLevel0Px: side, whole: true };
}

/**
 * The tiles, [tiles, 2], row by row from the upper left. Remaining pixels at the right and lower edge are dropped.
 */
export function coreTiles(
  { whole, level0Px, stepLevel0Px }: TileGeometry,
  { width, height }: Size,
): Int32Array {
  if (whole) return Int32Array.of(0, 0);
  const corners: number[] = [];
  for (let y = 0; y + level0Px <= height; y += stepLevel0Px)
    for (let x = 0; x + level0Px <= width; x += stepLevel0Px) corners.push(x, y);
  return Int32Array.from(corners);
}

/** Fraction of pixels whose three channels all reach `limit`. */
function whiteShare(rgb: Uint8Array, limit: number): number {
  let white = 0;
  for (let i = 0; i < rgb.length; i += 3)
    if ((rgb[i] as number) >= limit && (rgb[i + 1] as number) >= limit && (rgb[i + 2] as number) >= limit)
      white++;
  return (3 * white) / rgb.length;
}

/**
 * Leaves out tiles whose fraction of white pixels is above 1 - `minContent` (method.md 3.3). If the experiment asks
 * for whole cores, a core is never left out.
 */
export async function withoutWhite(
  reader: SlideReader,
  coords: Int32Array,
  { whole, level0Px }: TileGeometry,
  { level, white, minContent }: Config['core'],
): Promise<Int32Array> {
  if (white === null || level === 'core') return coords;
  const { width, height } = reader.info.levels[0] as Size;
  const kept: number[] = [];
  for (let i = 0; i < coords.length; i += 2) {
    const [x, y] = [coords[i] as number, coords[i + 1] as number];
    const region = whole ? { x, y, width, height } : { x, y, width: level0Px, height: level0Px };
    if (whiteShare(await reader.read(0, region), white * 255) <= 1 - minContent) kept.push(x, y);
  }
  return Int32Array.from(kept);
}
