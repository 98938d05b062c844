import { readTiles } from '../tiling/read-tiles.js';
import type { SlideReader } from '../slides/slide-reader.js';
import type { TileGeometry } from '../tiling/tiles-data.js';
import type { TileBatch } from './tile-encoder.js';

/** Tiles of one image. `rows` are the indices of the tiles in the coordinates of the image. */
export interface ImageBatch extends TileBatch {
  readonly rows: readonly number[];
  /** Those elements of `rows` whose tiles touch damaged pixels of the slide. */
  readonly damaged: readonly number[];
}

/**
 * All tiles of an image in batches of `size`; the last batch may be smaller. The order, and so the content of each batch, depends
 * only on slide, coordinates and geometry. `rgb` is valid until the next batch is requested. The next batch is already read while the
 * encoder works on this one.
 *
 * @param coords [n, 2], level-0 pixels
 * @throws HafError HAF_SLIDE_UNREADABLE if pixels are damaged and `reader` does not replace them by black pixels
 */
export const tileBatches = (
  reader: SlideReader,
  coords: Int32Array,
  geometry: TileGeometry,
  size: number,
): AsyncGenerator<ImageBatch> => oneAhead(batchesOf(reader, coords, geometry, size));

/** Yields the given values. It requests the next value before the consumer gets the current one. */
async function* oneAhead<T>(values: AsyncGenerator<T>): AsyncGenerator<T> {
  const request = (): Promise<IteratorResult<T>> => {
    const next = values.next();
    // A failure is thrown when the consumer asks for this value. Until then, Node must not treat it as an unhandled
    // rejection, which would end the process.
    next.catch(() => undefined);
    return next;
  };
  let next = request();
  try {
    for (;;) {
      const one = await next;
      if (one.done === true) return;
      next = request();
      yield one.value;
    }
  } finally {
    // A consumer that stops early waits for what is being read, and can then close the slide.
    await values.return(undefined);
  }
}

/** Yields the batches of `tileBatches`, but `rgb` is valid until the batch after the next is requested. */
async function* batchesOf(
  reader: SlideReader,
  coords: Int32Array,
  geometry: TileGeometry,
  size: number,
): AsyncGenerator<ImageBatch> {
  const side = geometry.sizePx;
  const bytes = side * side * 3;
  const buffer = (): Uint8Array => new Uint8Array(Math.min(size, coords.length / 2) * bytes);
  let [rgb, other] = [buffer(), buffer()];
  let rows: number[] = [];
  let damaged: number[] = [];
  const take = (): ImageBatch => {
    const batch = { rows, damaged, count: rows.length, side, rgb: rgb.subarray(0, rows.length * bytes) };
    [rows, damaged] = [[], []];
    [rgb, other] = [other, rgb];
    return batch;
  };
  for await (const group of readTiles(reader, coords, geometry))
    for (const [i, row] of group.rows.entries()) {
      rgb.set(group.tiles[i] as Uint8Array, rows.length * bytes);
      rows.push(row);
      if (group.damaged.includes(row)) damaged.push(row);
      if (rows.length === size) yield take();
    }
  if (rows.length > 0) yield take();
}
