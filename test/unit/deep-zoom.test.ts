import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { DeepZoom, topZoom, zoomSize, zoomTile } from '../../src/operators/tiling/deep-zoom.js';
import { openSlide } from '../../src/operators/slides/open-slide.js';
import { paintWaves, writePainted } from '../support/painted-slide.js';

/** Mean difference of two pictures in grey levels. */
const difference = (a: Uint8Array, b: Uint8Array): number =>
  a.length === b.length
    ? a.reduce((sum, value, at) => sum + Math.abs(value - (b[at] ?? 0)), 0) / a.length
    : Infinity;

describe('Deep Zoom', () => {
  it('counts levels and tiles as its specification says', () => {
    // 1024 is 2^10. An image with one more pixel needs one more level.
    expect([topZoom(1024, 700), topZoom(1025, 700), topZoom(1, 1), topZoom(40_000, 30_000)]).toEqual([
      10, 11, 0, 16,
    ]);
    expect(zoomSize(1025, 700, 11)).toEqual({ width: 1025, height: 700, columns: 5, rows: 3 });
    expect(zoomSize(1025, 700, 10)).toEqual({ width: 513, height: 350, columns: 3, rows: 2 });
    expect(zoomSize(1025, 700, 0)).toEqual({ width: 1, height: 1, columns: 1, rows: 1 });
  });

  // The expected pixels of every tile come from the whole picture, painted at once and reduced by sharp.
  it.each([
    ['levels 1, 2, 4', [1, 2, 4]],
    ['levels 1, 4', [1, 4]],
    ['one level', [1]],
  ])('cuts what the whole picture shows there: %s', async (_, downsamples) => {
    const [width, height] = [700, 500];
    const path = await writePainted('waves.svs', { width, height, downsamples, quality: 95 });
    const zoom = new DeepZoom(await openSlide(path));
    const painted = Buffer.from(paintWaves({ x: 0, y: 0, width, height }));
    for (let level = topZoom(width, height); level >= 5; level--) {
      const size = zoomSize(width, height, level);
      const whole = await sharp(painted, { raw: { width, height, channels: 3 } })
        .resize(size.width, size.height, { fit: 'fill', kernel: 'linear' })
        .raw()
        .toBuffer();
      for (let row = 0; row < size.rows; row++)
        for (let column = 0; column < size.columns; column++) {
          const [left, top] = [column * zoomTile, row * zoomTile];
          const part = {
            left,
            top,
            width: Math.min(zoomTile, size.width - left),
            height: Math.min(zoomTile, size.height - top),
          };
          const tile = await zoom.tile(level, column, row);
          const { data, info } = await sharp(tile ?? undefined)
            .raw()
            .toBuffer({ resolveWithObject: true });
          expect([info.width, info.height]).toEqual([part.width, part.height]);
          const expected = await sharp(whole, {
            raw: { width: size.width, height: size.height, channels: 3 },
          })
            .extract(part)
            .raw()
            .toBuffer();
          expect(difference(data, expected), `level ${level}, ${column}_${row}`).toBeLessThan(6);
        }
    }
    expect(await zoom.tile(topZoom(width, height), 3, 0)).toBeNull();
    expect(await zoom.tile(topZoom(width, height) + 1, 0, 0)).toBeNull();
    expect(await zoom.tile(-1, 0, 0)).toBeNull();
    await zoom.close();
    rmSync(dirname(path), { recursive: true });
  });
});
