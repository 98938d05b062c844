import { HafError } from '../../pipeline/core/errors.js';
import { readTiles } from '../slides/read-tiles.js';
import type { SlideReader } from '../slides/slide-reader.js';
import type { TileGeometry } from '../tiling/tiles-data.js';
import type { TilePart } from './tile-parts.js';

/** An image as parts of it are read. */
export interface PartImage {
  readonly open: () => Promise<SlideReader>;
  readonly geometry: TileGeometry;
}

/** The tiles of a part in its order, [rows, side, side, 3], or why its image cannot be read. */
export type PartTiles = { readonly part: TilePart } & (
  { readonly rgb: Uint8Array } | { readonly unreadable: HafError }
);

/**
 * Reads part after part, each while the one before it is encoded. An image whose pixels are damaged answers for all of
 * its parts from there on; nothing more of it is read.
 *
 * @throws whatever is no fault of an image
 */
export async function* readParts(
  parts: readonly TilePart[],
  images: readonly PartImage[],
  coords: Int32Array,
): AsyncGenerator<PartTiles> {
  const reading = new Reading(images, coords);
  let next: Promise<PartTiles> | null = null;
  try {
    for (const [i, part] of parts.entries()) {
      const tiles: PartTiles = await (next ?? reading.read(part));
      const following = parts[i + 1];
      next = following ? reading.read(following) : null;
      // Who awaits it comes later, or never: until then its failure is nobody's.
      next?.catch(() => undefined);
      yield tiles;
    }
  } finally {
    await next?.catch(() => undefined);
    await reading.close();
  }
}

/** One open image at a time. */
class Reading {
  private image = -1;
  private reader: SlideReader | null = null;
  private unreadable: HafError | null = null;

  constructor(
    private readonly images: readonly PartImage[],
    private readonly coords: Int32Array,
  ) {}

  async read(part: TilePart): Promise<PartTiles> {
    if (part.image !== this.image) {
      await this.close();
      this.image = part.image;
      this.unreadable = null;
    }
    if (this.unreadable) return { part, unreadable: this.unreadable };
    try {
      return { part, rgb: await this.pixels(part) };
    } catch (error) {
      if (!(error instanceof HafError) || error.code !== 'HAF_SLIDE_UNREADABLE') throw error;
      this.unreadable = error;
      return { part, unreadable: error };
    }
  }

  async close(): Promise<void> {
    const { reader } = this;
    this.reader = null;
    await reader?.close();
  }

  private async pixels({ image, rows }: TilePart): Promise<Uint8Array> {
    const { open, geometry } = this.images[image] as PartImage;
    this.reader ??= await open();
    const bytes = geometry.sizePx ** 2 * 3;
    const rgb = new Uint8Array(rows.length * bytes);
    const wanted = Int32Array.from(rows.flatMap((row) => [...this.coords.subarray(row * 2, row * 2 + 2)]));
    for await (const group of readTiles(this.reader, wanted, geometry))
      group.rows.forEach((row, i) => rgb.set(group.rgb.subarray(i * bytes, (i + 1) * bytes), row * bytes));
    return rgb;
  }
}
