import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { HafError } from '../../src/pipeline/core/errors.js';
import { tileBatches } from '../../src/operators/encoders/tile-batches.js';
import type { SlideReader } from '../../src/operators/slides/slide-reader.js';

const side = 512;
/** The numbers of 24 tiles of 512 px, one below the other. */
const tiles = Array.from({ length: 24 }, (_, row) => row);
const coords = Int32Array.from(tiles.flatMap((row) => [0, row * side]));
const geometry = {
  level: 0,
  readPx: side,
  sizePx: side,
  level0Px: side,
  stepLevel0Px: side,
  mpp: 0.5,
} as const;

/** A slide whose pixels have the number of their tile. It is damaged from the row of pixels `damagedFrom` on. */
function slide(damagedFrom = Infinity): SlideReader & { readonly rowsRead: number[] } {
  const rowsRead: number[] = [];
  const height = tiles.length * side;
  return {
    rowsRead,
    info: {
      format: 'test',
      levels: [{ width: side, height, downsample: 1, tileWidth: side, tileHeight: side }],
      mpp: null,
    } as unknown as SlideReader['info'],
    read: async (_level, { y, width, height: rows }) => {
      await sleep(1);
      rowsRead.push(y);
      if (y + rows > damagedFrom) throw new HafError('HAF_SLIDE_UNREADABLE', 'damaged', 'Copy it again.');
      const rgb = new Uint8Array(width * rows * 3);
      for (let row = 0; row < rows; row++)
        rgb.fill(Math.floor((y + row) / side), row * width * 3, (row + 1) * width * 3);
      return rgb;
    },
    close: () => Promise.resolve(),
  };
}

it('the next batch is read while the consumer works on this one, whose pixels stay', async () => {
  const reader = slide();
  const seen: number[] = [];
  const batches = tileBatches(reader, coords, geometry, 4);
  for await (const { rows, count, rgb } of batches) {
    const before = reader.rowsRead.length;
    await sleep(100);
    if (rows[0] === 0) expect(reader.rowsRead.length).toBeGreaterThan(before);
    for (let tile = 0; tile < count; tile++)
      expect(new Set(rgb.subarray(tile * side * side * 3, (tile + 1) * side * side * 3))).toEqual(
        new Set([rows[tile]]),
      );
    seen.push(...rows);
  }
  expect(seen).toEqual(tiles);
});

it('a failure while reading ahead comes when its batch is asked for, and ends nothing before', async () => {
  const reader = slide(20 * side);
  const seen: number[] = [];
  const all = async (): Promise<void> => {
    for await (const { rows } of tileBatches(reader, coords, geometry, 4)) {
      await sleep(100);
      seen.push(...rows);
    }
  };
  await expect(all()).rejects.toThrow('damaged');
  expect(seen.length).toBeGreaterThan(0);
  expect(seen).toEqual(tiles.slice(0, seen.length));
});

it('a consumer that stops early leaves nothing that still reads', async () => {
  const reader = slide();
  for await (const { rows } of tileBatches(reader, coords, geometry, 4)) if (rows.includes(4)) break;
  const { length } = reader.rowsRead;
  await sleep(100);
  expect(reader.rowsRead.length).toBe(length);
});
