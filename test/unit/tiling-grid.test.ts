import { describe, expect, it } from 'vitest';
import { gridTiles, type GridSettings } from '../../src/operators/tiling/grid.js';
import { PolygonIndex } from '../../src/operators/tiling/polygon-index.js';
import { slideGrid } from '../../src/operators/tiling/tile-geometry.js';
import { tileSchema } from '../../src/pipeline/config/image-schema.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { fault } from '../support/fault.js';

const rectangle = (left: number, top: number, right: number, bottom: number): Int32Array =>
  Int32Array.of(left, top, right, top, right, bottom, left, bottom);

/** The position of a point by definition: on an edge, or inside if an odd number of edges is to its right. */
function naiveSide(polygon: Int32Array, px: number, py: number): number {
  let inside = false;
  for (let i = 0, j = polygon.length - 2; i < polygon.length; j = i, i += 2) {
    const [ax, ay, bx, by] = [polygon[j], polygon[j + 1], polygon[i], polygon[i + 1]] as [
      number,
      number,
      number,
      number,
    ];
    const cross = (bx - ax) * (py - ay) - (by - ay) * (px - ax);
    const within =
      px >= Math.min(ax, bx) && px <= Math.max(ax, bx) && py >= Math.min(ay, by) && py <= Math.max(ay, by);
    if (cross === 0 && within) return 0;
    if (ay > py !== by > py && px < ((bx - ax) * (py - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside ? 1 : -1;
}

const pairs = (tiles: Int32Array): readonly string[] =>
  Array.from({ length: tiles.length / 2 }, (_, i) => `${tiles[2 * i]},${tiles[2 * i + 1]}`);

const caughtFault = (work: () => unknown) => fault(Promise.resolve().then(work));

const grid = (settings: Partial<GridSettings> = {}): GridSettings => ({
  side: [100, 100],
  step: [100, 100],
  contourTest: 'four_pt',
  padding: true,
  ...settings,
});
const slide = { width: 1000, height: 800 };

describe('a point and a polygon', () => {
  it('agree with the definition on random polygons that cross themselves', () => {
    const draw = rng(4, 'test/polygons');
    for (let round = 0; round < 60; round++) {
      const vertices = 3 + draw.int(40);
      const range = 4 + draw.int(30);
      const polygon = Int32Array.from({ length: 2 * vertices }, () => draw.int(range) * (1 + (round % 3)));
      const index = new PolygonIndex(polygon);
      for (let i = 0; i < 300; i++) {
        const [x, y] = [draw.int(8 * range) / 2 - range / 2, draw.int(8 * range) / 2 - range / 2];
        expect(index.sideOf(x, y), `${polygon.join(' ')} at ${x}, ${y}`).toBe(naiveSide(polygon, x, y));
      }
    }
  });

  it('are told apart on the border, next to it and in a corner', () => {
    const index = new PolygonIndex(rectangle(10, 10, 20, 20));
    const points = [[10, 10], [10, 15], [15, 20], [15, 15], [9.5, 15], [20.5, 20]] as const; // prettier-ignore
    expect(points.map(([x, y]) => index.sideOf(x, y))).toEqual([0, 0, 0, 1, -1, -1]);
  });

  it('of one vertex are on the border or outside', () => {
    const index = new PolygonIndex(Int32Array.of(5, 5));
    expect([index.sideOf(5, 5), index.sideOf(5, 6)]).toEqual([0, -1]);
  });
});

describe('the grid of a piece', () => {
  it('starts at its box and runs down before it runs right', () => {
    const tiles = gridTiles([{ outer: rectangle(30, 40, 229, 239), holes: [] }], grid(), slide);
    expect(pairs(tiles)).toEqual(['30,40', '30,140', '130,40', '130,140']);
  });

  it('ends before the last pixel of the box plus one', () => {
    const widths = [199, 200].map((right) => {
      const outer = rectangle(0, 0, right, 99);
      return pairs(gridTiles([{ outer, holes: [] }], grid({ contourTest: 'basic' }), slide)).length;
    });
    expect(widths).toEqual([2, 3]);
  });

  it('without padding keeps within the slide', () => {
    const outer = rectangle(850, 700, 999, 799);
    const tiles = (padding: boolean): readonly string[] =>
      pairs(gridTiles([{ outer, holes: [] }], grid({ padding, contourTest: 'basic' }), slide));
    expect(tiles(true)).toEqual(['850,700', '950,700']);
    expect(tiles(false)).toEqual(['850,700']);
  });

  it.each([
    // Columns: test, right border, number of kept tiles. The border decides about the second tile, from x = 100 to 199.
    // The middle of this tile is at x = 150, its four test points (`four_pt`) are at x = 125 and x = 175.
    ['basic', 124, 2],
    ['center', 149, 1],
    ['center', 150, 2],
    ['four_pt', 124, 1],
    ['four_pt', 125, 2],
    ['four_pt_hard', 174, 1],
    ['four_pt_hard', 175, 2],
  ] as const)('%s with a right border at %i keeps %i tiles', (contourTest, right, count) => {
    const outer = rectangle(0, 0, right, 99);
    expect(pairs(gridTiles([{ outer, holes: [] }], grid({ contourTest }), slide))).toHaveLength(count);
  });

  it('leaves out tiles whose middle is strictly in a hole', () => {
    const outer = rectangle(0, 0, 299, 99);
    const tiles = (hole: Int32Array): readonly string[] =>
      pairs(gridTiles([{ outer, holes: [hole] }], grid(), slide));
    expect(tiles(rectangle(149, 10, 160, 90))).toEqual(['0,0', '200,0']);
    expect(tiles(rectangle(150, 10, 160, 90))).toEqual(['0,0', '100,0', '200,0']);
  });

  it('is one of each piece: tiles of overlapping boxes stay', () => {
    const outer = rectangle(0, 0, 99, 99);
    const tiles = gridTiles(
      [
        { outer, holes: [] },
        { outer, holes: [] },
      ],
      grid(),
      slide,
    );
    expect(pairs(tiles)).toEqual(['0,0', '0,0']);
  });

  it('takes a moment for a hundred thousand candidates and a ragged outline', () => {
    const points = Array.from({ length: 40_000 }, (_, i) => {
      const angle = (2 * Math.PI * i) / 40_000;
      const radius = 40_000 * (0.8 + 0.2 * Math.sin(400 * angle));
      return [40_000 + radius * Math.cos(angle), 40_000 + radius * Math.sin(angle)];
    });
    const outer = Int32Array.from(points.flat());
    const start = performance.now();
    const tiles = gridTiles([{ outer, holes: [] }], grid({ side: [256, 256], step: [256, 256] }), slide);
    expect(tiles.length / 2).toBeGreaterThan(40_000);
    // Comparing each candidate with each edge would need 4e9 steps, about a minute.
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});

describe('how tiles are read', () => {
  const levels = [1, 4, 16].map((downsample) => ({
    width: Math.floor(40_003 / downsample),
    height: Math.floor(30_001 / downsample),
    downsample: 40_003 / Math.floor(40_003 / downsample),
  }));
  const mpp = (value: number) => ({ x: value, y: value, source: 'Aperio MPP' });
  const tile = (settings: object) => tileSchema.parse(settings);

  it('at a level, as CLAM: the downsample without its fraction', () => {
    const { geometry, side, step } = slideGrid(tile({ level: 2, step: 128 }), levels, mpp(0.25));
    expect({ side, step }).toEqual({ side: [4096, 4096], step: [2048, 2048] });
    expect(geometry).toMatchObject({
      sizePx: 256,
      level: 2,
      readPx: 256,
      level0Px: 4096,
      stepLevel0Px: 2048,
    });
    expect(geometry.mpp).toBeCloseTo(4, 2);
  });

  it.each([
    // Columns: target mpp, mpp of the slide, then the expected level, pixels read, and level-0 pixels.
    [0.5, 0.25, 0, 512, 512],
    [0.5, 0.5, 0, 256, 256],
    [1, 0.25, 1, 256, 1024],
    [2, 0.25, 1, 512, 2048],
    [4, 0.25, 2, 256, 4096],
    // Level 1 has 1 um per pixel, which is coarser than the target of 0.8.
    [0.8, 0.25, 0, 819, 819],
    [0.25, 0.252, 0, 254, 254],
    [0.5, 0.2465, 0, 519, 519],
  ])('at %f um of a slide of %f um: level %i, %i pixels', (target, own, level, readPx, level0Px) => {
    const { geometry, side } = slideGrid(tile({ mpp: target }), levels, mpp(own));
    expect(geometry).toMatchObject({ sizePx: 256, level, readPx, level0Px });
    expect(side).toEqual([level0Px, level0Px]);
    // The true size of a tile after rounding to whole pixels.
    expect(geometry.mpp).toBeCloseTo((own * (levels[level]?.downsample ?? 0) * readPx) / 256, 12);
    expect(Math.abs((geometry.mpp ?? 0) / target - 1)).toBeLessThan(0.01);
  });

  it('never makes up pixels', async () => {
    const { what } = await caughtFault(() => slideGrid(tile({ mpp: 0.25 }), levels, mpp(0.5)));
    expect(what).toMatch(/0\.5 um per pixel \(Aperio MPP\), tile\.mpp asks for the finer 0\.25/);
  });

  it('names both ways to give a resolution that is missing', async () => {
    const { code, fix } = await caughtFault(() => slideGrid(tile({ mpp: 0.5 }), levels, null));
    expect(code).toBe('HAF_SLIDE_MPP_MISSING');
    expect(fix).toMatch(/column mpp of the slide table/);
    expect(fix).toMatch(/tile\.defaultMpp/);
  });

  it('names the levels there are', async () => {
    const { what } = await caughtFault(() => slideGrid(tile({ level: 3 }), levels, null));
    expect(what).toMatch(/levels 0 to 2, tile\.level asks for 3/);
  });
});
