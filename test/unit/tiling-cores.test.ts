import { join } from 'node:path';
import { mkdtempSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { openSlide } from '../../src/operators/slides/open-slide.js';
import { readTiles, type ReadTiles } from '../../src/operators/tiling/read-tiles.js';
import { plainPicture } from '../support/memory-slide.js';
import { tileCoreFiles } from '../support/tile-images.js';

const folder = mkdtempSync(join(tmpdir(), 'haf-cores-'));
const core = (stain: string, place: string, patient = 'patient007'): string =>
  join(folder, `TumorCenter_${stain}_block1_${place}_${patient}.png`);

async function write(path: string, width: number, height: number, orientation?: number): Promise<string> {
  const half = { x: 0, y: 0, width: Math.floor(width / 2), height, colour: [180, 90, 150] } as const;
  const { rgb } = plainPicture(width, height, [half]);
  const image = sharp(rgb, { raw: { width, height, channels: 3 } });
  await (orientation === undefined ? image : image.withMetadata({ orientation })).png().toFile(path);
  return path;
}

describe('the cores of a patient', () => {
  let paths: readonly string[] = [];
  beforeAll(async () => {
    paths = [
      await write(core('HE', 'x1_y1'), 600, 520),
      await write(core('CD3', 'x2_y9'), 512, 512),
      await write(core('CD3', 'x1_y2'), 511, 767),
      await write(core('PDL1', 'x1_y3'), 200, 300),
    ];
  });

  it('are tiled from the upper left, what is left over dropped, in the order of stain and name', async () => {
    const { images, coords } = await tileCoreFiles({ patient: '007' }, paths);
    expect(images.map(({ id, source, start, rows }) => [id.slice(12, 28), source, start, rows])).toEqual([
      ['CD3_block1_x1_y2', 'CD3', 0, 2],
      ['CD3_block1_x2_y9', 'CD3', 2, 4],
      ['HE_block1_x1_y1_', 'HE', 6, 4],
      ['PDL1_block1_x1_y', 'PDL1', 10, 1],
    ]);
    expect(coords.slice(0, 6)).toEqual([[0, 0], [0, 256], [0, 0], [256, 0], [0, 256], [256, 256]]); // prettier-ignore
    expect(images[0]).toMatchObject({
      patient: '007',
      outcome: 'ok',
      image: { vendor: 'plain' },
      segmentation: null,
    });
    expect(images[0]?.tile).toEqual({
      sizePx: 256,
      level: 0,
      readPx: 256,
      level0Px: 256,
      stepLevel0Px: 256,
      mpp: null,
    });
  });

  it.each([
    [6000, 4],
    [3, 4000],
  ])('far from round, %i x %i, still have a picture', async (width, height) => {
    const path = await write(core('HE', `x${width}_y${height}`), width, height);
    const { images, problems } = await tileCoreFiles({ patient: '007' }, [path]);
    expect(images).toMatchObject([{ outcome: 'ok', rows: 1 }]);
    expect(problems.some(({ reason }) => reason.includes('but a core is about round'))).toBe(true);
  });

  it('smaller than a tile are one tile as a whole, which is read scaled to a square', async () => {
    const { images } = await tileCoreFiles({ patient: '007' }, paths);
    const tile = images.at(-1)?.tile;
    expect(tile).toEqual({ sizePx: 256, level: 0, readPx: 300, level0Px: 300, stepLevel0Px: 300, mpp: null, whole: true }); // prettier-ignore
    const reader = await openSlide(paths[3] as string);
    const read: ReadTiles[] = [];
    for await (const tiles of readTiles(reader, Int32Array.of(0, 0), tile as NonNullable<typeof tile>))
      read.push(tiles);
    expect(read.map(({ rows, side, tiles }) => [rows, side, tiles[0]?.length])).toEqual([
      [[0], 256, 256 * 256 * 3],
    ]);
    // In every row of the tile, the left half is stain and the right half is glass.
    const at = (x: number, y: number): number | undefined => read[0]?.tiles[0]?.[(y * 256 + x) * 3];
    expect([at(20, 250), at(236, 250)]).toEqual([180, 240]);
  });

  it('are one instance each when that is asked for', async () => {
    const { images, coords } = await tileCoreFiles({ patient: '007' }, paths, { core: { level: 'core' } });
    expect(images.map(({ rows }) => rows)).toEqual([1, 1, 1, 1]);
    expect(images.every(({ tile }) => tile?.whole)).toBe(true);
    expect(coords).toEqual([[0, 0], [0, 0], [0, 0], [0, 0]]); // prettier-ignore
  });

  it('step by core.step', async () => {
    const { coords } = await tileCoreFiles({ patient: '007' }, [paths[1] as string], { core: { step: 128 } });
    expect(coords).toHaveLength(9);
  });

  it('lose white tiles when core.white is set', async () => {
    const at = (white: number | null, minContent = 0.1) =>
      tileCoreFiles({ patient: '007' }, [paths[1] as string], { core: { white, minContent } });
    expect((await at(null)).coords).toHaveLength(4);
    // In the right half of the image all channels are 240. Its tiles are white if `white` is at most 240 / 255.
    expect((await at(0.8)).coords).toEqual([[0, 0], [0, 256]]); // prettier-ignore
    expect((await at(240 / 255)).coords).toHaveLength(2);
    expect((await at(0.95)).coords).toHaveLength(4);
    // A tile stays if its share of white is exactly 1 - minContent, here 1.
    expect((await at(0.8, 0)).coords).toHaveLength(4);
  });

  it('that are white throughout are empty, as a warning', async () => {
    const path = core('CD8', 'x1_y1');
    await sharp(plainPicture(512, 512).rgb, { raw: { width: 512, height: 512, channels: 3 } })
      .png()
      .toFile(path);
    const { images, problems } = await tileCoreFiles({ patient: '007' }, [path], { core: { white: 0.8 } });
    expect(images[0]).toMatchObject({ outcome: 'empty', rows: 0 });
    expect(problems.filter(({ severity }) => severity === 'warning')).toMatchObject([{ patient: '007' }]);
  });

  it('come with thumbnails and one contact sheet', async () => {
    const { files } = await tileCoreFiles({ patient: '007' }, paths);
    expect(Object.keys(files).sort()).toEqual(
      ['coords.i32', 'sheet.jpg', 'thumbnail-0.jpg', 'thumbnail-1.jpg', 'thumbnail-2.jpg', 'thumbnail-3.jpg', 'tiles.json'], // prettier-ignore
    );
    const { width, height } = await sharp(files['sheet.jpg'] as Uint8Array).metadata();
    expect([width, height]).toEqual([240, 240]);
    expect((await sharp(files['thumbnail-2.jpg'] as Uint8Array).metadata()).width).toBe(512);
  });
});

describe('what is odd about cores', () => {
  const reasons = async (paths: readonly string[]): Promise<readonly string[]> =>
    (await tileCoreFiles({ patient: '007' }, paths)).problems.map(
      ({ severity, reason }) => `${severity}: ${reason}`,
    );

  it('missing stains are named in one line of the patient', async () => {
    const paths = [];
    for (const stain of ['CD163', 'CD3', 'CD68', 'CD8', 'HE', 'MHC1'])
      paths.push(await write(core(stain, 'x7_y7'), 300, 300));
    expect(await reasons(paths)).toEqual(['info: has no CD56 and PDL1 core']);
    paths.push(await write(core('CD56', 'x7_y7'), 300, 300), await write(core('PDL1', 'x7_y7'), 300, 300));
    expect(await reasons(paths)).toEqual([]);
  });

  it('sizes and shapes far from the others', async () => {
    const paths = [
      await write(core('HE', 'x3_y1'), 300, 300),
      await write(core('HE', 'x3_y2'), 310, 300),
      await write(core('HE', 'x3_y3'), 601, 590),
      await write(core('HE', 'x3_y4'), 300, 190),
    ];
    const found = await reasons(paths);
    expect(found.filter((reason) => reason.startsWith('warning'))).toEqual([
      "warning: it has 601 x 590 pixels, the patient's cores usually 300",
      'warning: it has 300 x 190 pixels, but a core is about round',
    ]);
  });

  it('an image that is to be turned', async () => {
    const found = await reasons([await write(core('HE', 'x4_y1'), 300, 300, 6)]);
    expect(found[0]).toMatch(/warning: its EXIF orientation is 6/);
  });

  it('an unreadable image fails alone', async () => {
    const [good, bad] = [
      await write(core('HE', 'x5_y1'), 512, 256),
      await write(core('HE', 'x5_y2'), 512, 256),
    ];
    truncateSync(bad, 120);
    const { images, coords, problems } = await tileCoreFiles({ patient: '007' }, [bad, good]);
    expect(images.map(({ outcome, start, rows }) => [outcome, start, rows])).toEqual([['ok', 0, 2], ['failed', 2, 0]]); // prettier-ignore
    expect(coords).toHaveLength(2);
    expect(problems[0]).toMatchObject({ severity: 'failure', patient: '007', file: bad.split('/').at(-1) });
  });

  it('a name without a patient fails, with a picture', async () => {
    const path = await write(join(folder, 'HE.png'), 300, 300);
    const { images, problems, files } = await tileCoreFiles({ file: 'HE.png' }, [path]);
    expect(images[0]).toMatchObject({ outcome: 'failed', patient: null, rows: 0 });
    expect(problems).toMatchObject([
      { severity: 'failure', patient: null, reason: 'its name has no patient id' },
    ]);
    expect(files['thumbnail-0.jpg']).toBeDefined();
  });
});
