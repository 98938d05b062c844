import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeHdf5 } from '../../src/operators/features/hdf5-writer.js';
import { coordsFile } from '../../src/operators/tiling/coords-file.js';
import { readGivenTiles } from '../../src/operators/tiling/given-coords.js';
import { fault } from '../support/fault.js';

const levels = [
  { width: 40_000, height: 30_000, downsample: 1 },
  { width: 10_000, height: 7500, downsample: 4 },
  { width: 2500, height: 1875, downsample: 16 },
];
const mpp = { x: 0.25, y: 0.25, source: 'test' };
const places = [0, 256, 39_990, 29_000];
const scratch = (): string => join(mkdtempSync(join(tmpdir(), 'haf-given-')), 'coords.h5');

/** A file with `coords` and these attributes, as other tools write it. */
async function written(
  attributes: Readonly<Record<string, number>>,
  coords: readonly number[] = places,
  name = 'coords',
): Promise<string> {
  const path = scratch();
  await writeHdf5(path, 1, (file) => {
    const data = BigInt64Array.from(coords, BigInt);
    const dataset = file.create_dataset({ name, data, shape: [coords.length / 2, 2], dtype: '<q' });
    for (const [key, value] of Object.entries(attributes)) dataset.create_attribute(key, value, [], '<q');
  });
  return path;
}

describe('coordinates that are given', () => {
  it('of tile itself give the geometry back', async () => {
    const geometry = { sizePx: 256, level: 1, readPx: 320, level0Px: 1280, stepLevel0Px: 1280, mpp: 1.25 };
    const path = scratch();
    const coords = Int32Array.from(places);
    writeFileSync(
      path,
      await coordsFile({ name: 'x', levels, magnification: 40, mpp: 0.25, geometry, coords }),
    );
    expect(await readGivenTiles(path, levels, mpp)).toEqual({ coords, geometry });
  });

  it('of CLAM are read at their level', async () => {
    const { geometry, coords } = await readGivenTiles(
      await written({ patch_size: 256, patch_level: 1 }),
      levels,
      mpp,
    );
    expect([...coords]).toEqual(places);
    expect(geometry).toMatchObject({ sizePx: 256, level: 1, readPx: 256, level0Px: 1024, mpp: 1 });
    const base = await readGivenTiles(await written({ patch_size: 512, patch_level: 0 }), levels, null);
    expect(base.geometry).toMatchObject({ sizePx: 512, level: 0, readPx: 512, level0Px: 512, mpp: null });
  });

  it('of CLAM stand for as many pixels of level 0 as CLAM counts along x', async () => {
    const uneven = [levels[0], { width: 10_000, height: 7501, downsample: 3.99973 }] as typeof levels;
    const path = await written({ patch_size: 256, patch_level: 1 });
    expect((await readGivenTiles(path, uneven, mpp)).geometry).toMatchObject({ readPx: 256, level0Px: 1024 });
  });

  it.each([
    // The slide is at 40x and the tiles at 20x. No level has downsample 2, so level 0 is read and halved.
    [512, { level: 0, readPx: 512, level0Px: 512, mpp: 0.5 }],
    [1024, { level: 1, readPx: 256, level0Px: 1024, mpp: 1 }],
    [2048, { level: 1, readPx: 512, level0Px: 2048, mpp: 2 }],
  ])(
    'of TRIDENT over %i pixels of level 0 are read from the level that is fine enough',
    async (side, expected) => {
      const path = await written({ patch_size: 256, patch_size_level0: side });
      expect((await readGivenTiles(path, levels, mpp)).geometry).toMatchObject({ sizePx: 256, ...expected });
    },
  );

  it('of TRIDENT take a level that is too coarse by rounding alone', async () => {
    const rounded = [levels[0], { width: 9_990, height: 7490, downsample: 4.0047 }] as typeof levels;
    const path = await written({ patch_size: 256, patch_size_level0: 1024 });
    expect((await readGivenTiles(path, rounded, mpp)).geometry).toMatchObject({ level: 1, readPx: 256 });
  });

  it.each([
    [40_000, 0],
    [0, 30_000],
  ])('are not of this slide when a tile begins at %i, %i', async (x, y) => {
    const path = await written({ patch_size: 256, patch_level: 0 }, [0, 0, x, y]);
    await expect(readGivenTiles(path, levels, mpp)).rejects.toMatchObject({
      what: expect.stringContaining(`tile 1 at ${x}, ${y} lies outside`) as string,
    });
    const inside = [Math.max(0, x - 1), Math.max(0, y - 1)];
    const last = await written({ patch_size: 256, patch_level: 0 }, inside);
    expect([...(await readGivenTiles(last, levels, mpp)).coords]).toEqual(inside);
  });

  it('may be none', async () => {
    const { coords } = await readGivenTiles(
      await written({ patch_size: 256, patch_level: 0 }, []),
      levels,
      mpp,
    );
    expect(coords).toHaveLength(0);
  });

  it.each([
    ['without a size', () => written({ patch_level: 0 }), 'patch_size'],
    ['of a level that is not there', () => written({ patch_size: 256, patch_level: 5 }), 'levels 0 to 2'],
    [
      'of another slide',
      () => written({ patch_size: 256, patch_level: 0 }, [0, 0, 50_000, 0]),
      'tile 1 at 50000, 0',
    ],
    [
      'left of the slide',
      () => written({ patch_size: 256, patch_level: 0 }, [0, 0, -256, 0]),
      'tile 1 at -256, 0',
    ],
    [
      'beyond what an int32 holds',
      () => written({ patch_size: 256, patch_level: 0 }, [0, 2 ** 32]),
      'tile 0 at 0, 4294967296',
    ],
    ['that are no numbers', () => notNumbers(), 'tile 0 at 0.5, NaN'],
    ['under another name', () => written({ patch_size: 256 }, places, 'points'), 'only points'],
    ['in a text file', () => Promise.resolve(textFile()), 'cannot be used'],
  ] as const)('are refused %s', async (_, make, what) => {
    const error = await fault(readGivenTiles(await make(), levels, mpp));
    expect(error.code).toBe('HAF_SLIDE_UNREADABLE');
    expect(error.what).toContain(what);
  });
});

async function notNumbers(): Promise<string> {
  const path = scratch();
  await writeHdf5(path, 1, (file) => {
    const data = Float64Array.of(0.5, NaN);
    const dataset = file.create_dataset({ name: 'coords', data, shape: [1, 2], dtype: '<d' });
    dataset.create_attribute('patch_size', 256, [], '<q');
  });
  return path;
}

function textFile(): string {
  const path = scratch();
  writeFileSync(path, 'x,y\n0,0\n');
  return path;
}
