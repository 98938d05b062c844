import type { Region, SlideReader } from './slide-reader.js';

/**
 * A part of level 0 of a slide as an image of its own, of one level. Pixels outside of the part are black, like pixels
 * outside of a slide.
 */
export function cropped(reader: SlideReader, part: Region): SlideReader {
  const { width, height } = part;
  return {
    info: { ...reader.info, levels: [{ width, height, downsample: 1 }] },
    async read(level: number, region: Region): Promise<Uint8Array> {
      if (level !== 0) throw new RangeError(`A part of a slide has no level ${level}`);
      const pixels = await reader.read(0, { ...region, x: region.x + part.x, y: region.y + part.y });
      const inside = { left: -region.x, top: -region.y, right: width - region.x, bottom: height - region.y };
      if (
        inside.left <= 0 &&
        inside.top <= 0 &&
        inside.right >= region.width &&
        inside.bottom >= region.height
      )
        return pixels;
      for (let y = 0; y < region.height; y++)
        for (let x = 0; x < region.width; x++)
          if (x < inside.left || x >= inside.right || y < inside.top || y >= inside.bottom)
            pixels.fill(0, (y * region.width + x) * 3, (y * region.width + x + 1) * 3);
      return pixels;
    },
    close: () => reader.close(),
  };
}
