import { sharp } from '../slides/sharp-uncached.js';
import type { SlideReader } from '../slides/slide-reader.js';
import { thumbnailOf } from './thumbnail.js';

/** Side length in pixels of a tile for the viewer. */
export const zoomTile = 256;
const quality = 80;
/**
 * Maximum ratio between the sizes of a stored level and the Deep Zoom level that is cut from it. Smaller Deep Zoom
 * levels are cut from a picture of the whole slide.
 */
const mostShrink = 8;
/** Longer side of the picture of the whole slide in pixels. */
const wholeSide = 2048;

/** Number of the largest Deep Zoom level. Level 0 is one pixel, and each further level is twice as large. */
export const topZoom = (width: number, height: number): number =>
  Math.ceil(Math.log2(Math.max(width, height, 1)));

export interface ZoomSize {
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  readonly rows: number;
}

/** Size of a Deep Zoom level and the number of its tiles. */
export function zoomSize(width: number, height: number, level: number): ZoomSize {
  const scale = 2 ** (topZoom(width, height) - level);
  const [w, h] = [Math.max(1, Math.ceil(width / scale)), Math.max(1, Math.ceil(height / scale))];
  return { width: w, height: h, columns: Math.ceil(w / zoomTile), rows: Math.ceil(h / zoomTile) };
}

/** A slide that tiles are cut from on demand. */
export class DeepZoom {
  private whole: Promise<{ readonly rgb: Buffer; readonly width: number; readonly height: number }> | null =
    null;

  constructor(private readonly reader: SlideReader) {}

  get size(): { readonly width: number; readonly height: number } {
    const [{ width, height } = { width: 1, height: 1 }] = this.reader.info.levels;
    return { width, height };
  }

  /**
   * A tile as JPEG. Null if the level has no tile at this position.
   *
   * @throws HafError HAF_SLIDE_UNREADABLE if the pixels are damaged
   */
  async tile(level: number, column: number, row: number): Promise<Uint8Array | null> {
    const { width, height } = this.size;
    const top = topZoom(width, height);
    if (level < 0 || level > top) return null;
    const size = zoomSize(width, height, level);
    if (column < 0 || row < 0 || column >= size.columns || row >= size.rows) return null;
    const scale = 2 ** (top - level);
    const [left, upper] = [column * zoomTile, row * zoomTile];
    const [wide, high] = [Math.min(zoomTile, size.width - left), Math.min(zoomTile, size.height - upper)];
    const stored = this.levelFor(scale);
    const { width: levelWidth, height: levelHeight } = this.reader.info.levels[stored] ?? this.size;
    // The axes are scaled separately, because the sides of a level are rounded.
    const [stepX, stepY] = [levelWidth / (width / scale), levelHeight / (height / scale)];
    if (Math.max(stepX, stepY) > mostShrink) return this.fromWhole(size, left, upper, wide, high);
    const x = Math.min(levelWidth - 1, Math.floor(left * stepX));
    const y = Math.min(levelHeight - 1, Math.floor(upper * stepY));
    const region = {
      ...{ x, y },
      width: Math.max(1, Math.min(levelWidth - x, Math.round(wide * stepX))),
      height: Math.max(1, Math.min(levelHeight - y, Math.round(high * stepY))),
    };
    const rgb = await this.reader.read(stored, region);
    return encoded(rgb, region.width, region.height, wide, high);
  }

  close(): Promise<void> {
    return this.reader.close();
  }

  /** The smallest stored level that is at least as large as the Deep Zoom level. */
  private levelFor(scale: number): number {
    const { levels } = this.reader.info;
    return Math.max(
      0,
      levels.findLastIndex(({ downsample }) => downsample <= scale * 1.01),
    );
  }

  /** For a slide without small levels, a picture of the whole slide is read once and kept. */
  private async fromWhole(
    size: ZoomSize,
    left: number,
    upper: number,
    wide: number,
    high: number,
  ): Promise<Uint8Array> {
    this.whole ??= (async () => {
      const { data, width, height } = await thumbnailOf(this.reader, wholeSide);
      return { rgb: Buffer.from(data.buffer, data.byteOffset, data.byteLength), width, height };
    })();
    const { rgb, width, height } = await this.whole;
    const [stepX, stepY] = [width / size.width, height / size.height];
    const x = Math.min(width - 1, Math.floor(left * stepX));
    const y = Math.min(height - 1, Math.floor(upper * stepY));
    const part = {
      ...{ left: x, top: y },
      width: Math.max(1, Math.min(width - x, Math.round(wide * stepX))),
      height: Math.max(1, Math.min(height - y, Math.round(high * stepY))),
    };
    const cut = await sharp(rgb, { raw: { width, height, channels: 3 } })
      .extract(part)
      .raw()
      .toBuffer();
    return encoded(cut, part.width, part.height, wide, high);
  }
}

async function encoded(
  rgb: Uint8Array,
  width: number,
  height: number,
  toWidth: number,
  toHeight: number,
): Promise<Uint8Array> {
  const picture = sharp(rgb, { raw: { width, height, channels: 3 }, limitInputPixels: false });
  const same = width === toWidth && height === toHeight;
  const sized = same ? picture : picture.resize(toWidth, toHeight, { kernel: 'linear', fit: 'fill' });
  return sized.jpeg({ quality, chromaSubsampling: '4:4:4' }).toBuffer();
}
