import type { OpenSlideHere } from './openslide-here.js';

const readRegions = `
import sys, json, openslide
slide = openslide.OpenSlide(sys.argv[1])
for x, y, level, side in json.loads(sys.argv[2]):
    tile = slide.read_region((x, y), level, (side, side))
    black = __import__('PIL.Image').Image.new('RGBA', tile.size, (0, 0, 0, 255))
    black.alpha_composite(tile)
    sys.stdout.buffer.write(black.convert('RGB').tobytes())
`;

/**
 * Tiles as OpenSlide for Python reads them. Transparent pixels become black.
 *
 * @param regions x, y, level, side
 */
export function byPython(
  here: OpenSlideHere,
  path: string,
  regions: readonly (readonly number[])[],
): readonly Uint8Array[] {
  const bytes = here.python(readRegions, [path, JSON.stringify(regions)]);
  let at = 0;
  return regions.map(([, , , side = 0]) => {
    const length = side * side * 3;
    at += length;
    return new Uint8Array(bytes.subarray(at - length, at));
  });
}
