import { mkdtempSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { openClosed as openSlide } from '../support/open-slides.js';
import { planCells } from '../../src/operators/slides/cell-plan.js';
import { type GridReader, hasGrid } from '../../src/operators/slides/grid-reader.js';
import { readTiles } from '../../src/operators/tiling/read-tiles.js';
import type { Region, SlideReader } from '../../src/operators/slides/slide-reader.js';
import { readTiffDirectory } from '../../src/operators/slides/tiff-directory.js';
import type { TileGeometry } from '../../src/operators/tiling/tiles-data.js';
import { greatestDifference, paintWaves, writePainted } from '../support/painted-slide.js';

/** The pixels that `read` must return, computed from the whole level. Pixels outside of the level are black. */
async function expected(path: string, page: number, region: Region): Promise<Uint8Array> {
  const { data, info } = await sharp(path, { page, ignoreIcc: true })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const out = new Uint8Array(region.width * region.height * 3);
  for (let y = 0; y < region.height; y++)
    for (let x = 0; x < region.width; x++) {
      const [sx, sy] = [region.x + x, region.y + y];
      if (sx < 0 || sy < 0 || sx >= info.width || sy >= info.height) continue;
      out.set(data.subarray((sy * info.width + sx) * 3).subarray(0, 3), (y * region.width + x) * 3);
    }
  return out;
}

const tilesOf = async (reader: SlideReader, coords: number[][], geometry: Partial<TileGeometry>) => {
  const whole = { sizePx: 64, level: 0, readPx: 64, level0Px: 64, stepLevel0Px: 64, mpp: null, ...geometry };
  const tiles = new Map<number, Uint8Array>();
  const bytes = whole.sizePx ** 2 * 3;
  for await (const { rows, side, tiles: read } of readTiles(reader, Int32Array.from(coords.flat()), whole)) {
    expect(side).toBe(whole.sizePx);
    expect(read.map(({ length }) => length)).toEqual(rows.map(() => bytes));
    for (const [i, row] of rows.entries()) {
      expect(tiles.has(row)).toBe(false);
      tiles.set(row, (read[i] as Uint8Array).slice());
    }
  }
  return tiles;
};

describe('an Aperio slide', () => {
  it('tells its levels, its physics and how it is stored', async () => {
    const reader = await openSlide(await writePainted('a.svs', { associated: true }));
    expect(reader.info).toEqual({
      vendor: 'aperio',
      route: 'strips',
      levels: [
        { width: 700, height: 500, downsample: 1 },
        { width: 350, height: 250, downsample: 2 },
        { width: 175, height: 125, downsample: 4 },
      ],
      mpp: { x: 0.25, y: 0.25, source: 'Aperio MPP' },
      mppSaid: null,
      magnification: 40,
      compression: 'JPEG',
      missingTiles: 0,
      notes: [],
      warnings: [],
    });
  });

  it.each([
    ['the whole', { x: 0, y: 0, width: 700, height: 500 }],
    ['within', { x: 61, y: 130, width: 200, height: 70 }],
    ['negative corner', { x: -30, y: -7, width: 100, height: 90 }],
    ['beyond the end', { x: 650, y: 470, width: 128, height: 128 }],
    ['around everything', { x: -10, y: -10, width: 730, height: 530 }],
    ['outside', { x: 800, y: 20, width: 10, height: 10 }],
  ])('gives the stored pixels: %s', async (_, region) => {
    const path = await writePainted('a.svs');
    const reader = await openSlide(path);
    expect(greatestDifference(await reader.read(0, region), await expected(path, 0, region))).toBe(0);
    const half = { ...region, x: region.x >> 1, y: region.y >> 1 };
    // Level 1 is page 2 of the file, because page 1 is the thumbnail.
    expect(greatestDifference(await reader.read(1, half), await expected(path, 2, half))).toBe(0);
  });

  it('is close to what was painted', async () => {
    const reader = await openSlide(await writePainted('a.svs', { quality: 95 }));
    const region = { x: 100, y: 100, width: 300, height: 300 };
    const pixels = await reader.read(0, region);
    const painted = paintWaves(region);
    const mean =
      pixels.reduce((sum, value, i) => sum + Math.abs(value - (painted[i] as number)), 0) / pixels.length;
    expect(mean).toBeLessThan(4);
  });

  it('has the same bytes each time it is written', async () => {
    const { readFileSync } = await import('node:fs');
    const [a, b] = [await writePainted('a.svs'), await writePainted('b.svs')];
    expect(readFileSync(a).equals(readFileSync(b))).toBe(true);
  });
});

describe('tiles of a slide', () => {
  /**
   * Tiles of grids that are aligned neither with the stored tiles nor with each other. Some extend beyond the edges or
   * lie outside.
   */
  const coords = [
    [13, 29],
    [13, 93],
    [77, 29],
    [640, 480],
    [-20, -20],
    [333, 250],
    [397, 250],
    [340, 260],
    [900, 100],
    [64, 64],
  ];

  it('are those that single reads give, each once', async () => {
    const reader = await openSlide(await writePainted('a.svs'));
    const tiles = await tilesOf(reader, coords, {});
    expect([...tiles.keys()].sort((a, b) => a - b)).toEqual(coords.map((_, i) => i));
    for (const [row, [x = 0, y = 0]] of coords.entries()) {
      const single = await reader.read(0, { x, y, width: 64, height: 64 });
      expect(greatestDifference(tiles.get(row) as Uint8Array, single)).toBe(0);
    }
  });

  it('are black beyond the edges also when memory of earlier tiles is used again', async () => {
    const reader = await openSlide(await writePainted('a.svs'));
    // Tiles are read in portions from top to bottom, and these tiles need more than one portion. The tiles in `edges`
    // lie lowest, so they are read last, into memory of earlier tiles.
    const inner = Array.from({ length: 900 }, (_, i) => [(i * 7) % 500, (i * 11) % 300]);
    const edges = [
      [600, 440],
      [-30, 450],
      [300, 470],
    ];
    const tiles = await tilesOf(reader, [...inner, ...edges], {});
    for (const [i, [x = 0, y = 0]] of edges.entries()) {
      const single = await reader.read(0, { x, y, width: 64, height: 64 });
      expect(greatestDifference(tiles.get(inner.length + i) as Uint8Array, single)).toBe(0);
    }
  });

  it.each([
    ['jpeg', {}],
    ['lzw', { predictor: 'horizontal' }],
    ['deflate', {}],
    ['webp', {}],
    ['none', {}],
  ] as const)(
    'are those of the file when stored tiles are decoded apart from it, as %s',
    async (compression, more) => {
      const pixels = paintWaves({ x: 0, y: 0, width: 500, height: 300 });
      const path = join(mkdtempSync(join(tmpdir(), 'haf-cells-')), 'a.tif');
      await sharp(pixels, { raw: { width: 500, height: 300, channels: 3 } })
        .tiff({ tile: true, tileWidth: 128, tileHeight: 64, pyramid: true, compression, ...more })
        .toFile(path);
      const reader = await openSlide(path);
      if (!hasGrid(reader)) throw new Error('a tiled TIFF has a grid');
      const cells = [0, 3, 7, 19];
      for (const { region, pixels: cell } of await reader.cells(0, cells)) {
        const single = await reader.read(0, region);
        for (let y = 0; y < Math.min(region.height, 300 - region.y); y++) {
          const inside = Math.min(region.width, 500 - region.x) * 3;
          const row = y * region.width * 3;
          expect(
            greatestDifference(cell.subarray(row, row + inside), single.subarray(row, row + inside)),
          ).toBe(0);
        }
      }
    },
  );

  it('are read at other levels, at places in pixels of level 0', async () => {
    const reader = await openSlide(await writePainted('a.svs'));
    const tiles = await tilesOf(reader, [[102, 51]], { level: 1, level0Px: 128 });
    const single = await reader.read(1, { x: 51, y: 26, width: 64, height: 64 });
    expect(greatestDifference(tiles.get(0) as Uint8Array, single)).toBe(0);
  });

  it('are scaled one by one', async () => {
    const reader = await openSlide(await writePainted('a.svs', { quality: 95 }));
    const tiles = await tilesOf(
      reader,
      [
        [128, 192],
        [0, 0],
      ],
      { sizePx: 64, readPx: 128 },
    );
    const halved = await reader.read(1, { x: 64, y: 96, width: 64, height: 64 });
    const scaled = tiles.get(0) as Uint8Array;
    const mean =
      scaled.reduce((sum, value, i) => sum + Math.abs(value - (halved[i] as number)), 0) / scaled.length;
    expect(mean).toBeLessThan(3);
  });

  it('ends without reading on when nobody wants more', async () => {
    const reader = await openSlide(await writePainted('a.svs'));
    const geometry = { sizePx: 64, level: 0, readPx: 64, level0Px: 64, stepLevel0Px: 64, mpp: null };
    const tiles = readTiles(reader, Int32Array.from([0, 0, 64, 64]), geometry);
    await tiles.next();
    await expect(tiles.return(undefined)).resolves.toMatchObject({ done: true });
  });
});

describe('a BigTIFF', () => {
  it('reads as the classic one', async () => {
    const [classic, big] = [await writePainted('a.svs'), await writePainted('b.svs', { bigTiff: true })];
    const region = { x: 5, y: 6, width: 400, height: 300 };
    const [a, b] = [await openSlide(classic), await openSlide(big)];
    expect(b.info).toEqual(a.info);
    expect(greatestDifference(await a.read(0, region), await b.read(0, region))).toBe(0);
  });
});

describe('tiles without data', () => {
  it('are counted and read as black, the others as ever', async () => {
    const missing = [
      { level: 0, cell: 0 },
      { level: 0, cell: 15 },
      { level: 2, cell: 0 },
    ];
    const [whole, holed] = [await writePainted('a.svs'), await writePainted('b.svs', { missing })];
    const [a, b] = [await openSlide(whole), await openSlide(holed)];
    expect(b.info.missingTiles).toBe(2);
    expect(b.info.notes).toEqual(['1 tiles of lower levels have no data and read as black']);
    const region = { x: 0, y: 0, width: 700, height: 500 };
    const pixels = await a.read(0, region);
    // A row of the level has eleven cells. Cell 0 is the corner, cell 15 is in column 4 of row 1.
    for (const [x0, y0] of [
      [0, 0],
      [256, 64],
    ] as const)
      for (let y = y0; y < y0 + 64; y++) pixels.fill(0, (y * 700 + x0) * 3, (y * 700 + x0 + 64) * 3);
    expect(greatestDifference(await b.read(0, region), pixels)).toBe(0);
    const tiles = await tilesOf(
      b,
      [
        [0, 0],
        [230, 50],
      ],
      {},
    );
    for (const [row, at] of [
      { x: 0, y: 0 },
      { x: 230, y: 50 },
    ].entries()) {
      const single = await b.read(0, { ...at, width: 64, height: 64 });
      expect(greatestDifference(tiles.get(row) as Uint8Array, single)).toBe(0);
    }
    expect((tiles.get(0) as Uint8Array).every((value) => value === 0)).toBe(true);
  });
});

describe('stored tiles', () => {
  it('that are damaged among sound ones are named', async () => {
    const path = await writePainted('a.svs');
    const [page] = (await readTiffDirectory(path)).pages;
    const bytes = readFileSync(path);
    const [start = 0, length = 0] = [page?.chunks.offsets[25], page?.chunks.byteCounts[25]];
    writeFileSync(path, bytes.fill(0, start, start + length));
    const reader = (await openSlide(path)) as GridReader;
    await expect(reader.cells(0, [23, 24, 26])).resolves.toHaveLength(3);
    // A row has eleven cells, so cell 25 is in column 3 of row 2.
    await expect(reader.cells(0, [24, 25, 26])).rejects.toMatchObject({
      code: 'HAF_SLIDE_UNREADABLE',
      what: expect.stringMatching(/level 0, x 192 to 256, y 128 to 192 are damaged/) as string,
    });
  });

  it('that are cut off once the slide is open are no black', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'haf-cut-')), 'a.tif');
    const [width, height] = [128, 128];
    await sharp(paintWaves({ x: 0, y: 0, width, height }), { raw: { width, height, channels: 3 } })
      .tiff({ tile: true, pyramid: true, tileWidth: 64, tileHeight: 64, compression: 'none' })
      .toFile(path);
    const [page] = (await readTiffDirectory(path)).pages;
    const reader = (await openSlide(path)) as GridReader;
    truncateSync(path, Math.max(...(page?.chunks.offsets ?? [])) + 100);
    await expect(reader.cells(0, [2, 3])).rejects.toMatchObject({ code: 'HAF_SLIDE_UNREADABLE' });
  });

  it('without data leave their part of a tile to be blackened', () => {
    const grid = { cellWidth: 64, cellHeight: 64, columns: 2, rows: 1, stored: Uint8Array.of(1, 0) };
    const plan = planCells({ width: 128, height: 64 }, grid, Int32Array.of(0, 0, 32, 0, 64, 0, 96, 0), 64);
    expect([...plan.partial]).toEqual([0, 1, 1, 1]);
    expect([...plan.awaited]).toEqual([1, 1, 0, 0]);
    expect(plan.cells).toEqual([0]);
  });

  it('are not being read any more when nobody wants the rest', async () => {
    let reading = 0;
    const info = { levels: [{ width: 4096, height: 4096, downsample: 1 }] } as unknown as SlideReader['info'];
    const read = async (_: number, { width, height }: Region): Promise<Uint8Array> => {
      reading++;
      await setTimeout(20 * reading);
      reading--;
      return new Uint8Array(width * height * 3);
    };
    const corners = Array.from({ length: 16 }, (_, i) => [(i % 4) * 1024, Math.floor(i / 4) * 1024]);
    const side = { sizePx: 1024, readPx: 1024, level0Px: 1024, stepLevel0Px: 1024, level: 0, mpp: null };
    const slide = { info, read, close: () => Promise.resolve() };
    for await (const { rows } of readTiles(slide, Int32Array.from(corners.flat()), side)) {
      expect(rows.length).toBeGreaterThan(0);
      break;
    }
    expect(reading).toBe(0);
  });
});

describe('JPEG 2000', () => {
  const region = { x: 100, y: 90, width: 300, height: 200 };

  it('in RGB reads back what was painted', async () => {
    const reader = await openSlide(await writePainted('a.svs', { compression: 'jp2k33005' }));
    expect(reader.info).toMatchObject({ route: 'tiles', compression: 'JPEG 2000 (RGB)' });
    expect(greatestDifference(await reader.read(0, region), paintWaves(region))).toBe(0);
    const tiles = await tilesOf(
      reader,
      [
        [13, 29],
        [650, 450],
      ],
      {},
    );
    const single = await reader.read(0, { x: 650, y: 450, width: 64, height: 64 });
    expect(greatestDifference(tiles.get(1) as Uint8Array, single)).toBe(0);
  });

  it('in YCbCr reads back within rounding, and never one green', async () => {
    const reader = await openSlide(await writePainted('a.svs', { compression: 'jp2k33003' }));
    expect(reader.info).toMatchObject({ route: 'tiles', compression: 'JPEG 2000 (YCbCr)' });
    expect(greatestDifference(await reader.read(0, region), paintWaves(region))).toBeLessThanOrEqual(2);
  });
});
