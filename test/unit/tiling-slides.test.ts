import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { SlideInfo, SlideReader } from '../../src/operators/slides/slide-reader.js';
import { openSlide } from '../../src/operators/slides/open-slide.js';
import { HafError } from '../../src/pipeline/core/errors.js';
import type { ConfigInput } from '../../src/pipeline/config/schema.js';
import { memorySlide, plainPicture } from '../support/memory-slide.js';
import { writePainted } from '../support/painted-slide.js';
import { slidesFolder } from '../support/shared.js';
import { tileSlideFile, type Tiled } from '../support/tile-images.js';

const name = 'PrimaryTumor_HE_007.svs';
const stain = [200, 120, 180] as const;
const piece = { x: 256, y: 256, width: 1024, height: 768, colour: stain };
const small = { x: 1600, y: 100, width: 128, height: 128, colour: stain };

/** All slides of these tests share these pictures. */
const levels = [1, 4, 16].map((factor) =>
  plainPicture(
    2048 / factor,
    1536 / factor,
    [piece, small, { x: 640, y: 512, width: 256, height: 256, colour: [240, 240, 240] as const }].map(
      ({ x, y, width, height, colour }) => ({
        ...{ x: x / factor, y: y / factor, width: width / factor, height: height / factor, colour },
      }),
    ),
  ),
);

/**
 * A slide of 2048 x 1536 pixels with levels of downsample 1, 4 and 16. It shows a piece of tissue of 1024 x 768 with a
 * hole, and a small piece.
 */
const slide = (info: Partial<SlideInfo> = {}): SlideReader => memorySlide(levels, info);

/**
 * The minimal areas are small, so a piece of the size of one 512-pixel tile is kept. The picture is neither smoothed
 * nor closed, so the results can be computed by hand.
 */
const tissue = { segLevel: 1, mthresh: 1, close: 0, minArea: 0.5, minHoleArea: 0.1 } as const;

const run = (config: Partial<ConfigInput> = {}, info: Partial<SlideInfo> = {}, unit = {}): Promise<Tiled> =>
  tileSlideFile(name, { tissue, ...config }, () => Promise.resolve(slide(info)), unit);

const pixelsOf = async (file: unknown): Promise<{ width: number; height: number; data: Buffer }> => {
  const { data, info } = await sharp(file as Uint8Array)
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
};

describe('a slide with tissue', () => {
  it('has tiles in it, and says how they were found', async () => {
    const { images, coords, problems } = await run();
    // The grid starts at 256, 256. The hole from x = 640 to 896 cuts tiles. A cut tile is kept or left out by the
    // position of its middle.
    expect(coords).toHaveLength(images[0]?.rows ?? 0);
    expect(coords[0]).toEqual([256, 256]);
    expect(coords).not.toContainEqual([1536, 0]);
    expect(problems).toEqual([]);
    expect(images[0]).toMatchObject({
      id: 'PrimaryTumor_HE_007',
      file: name,
      patient: '007',
      source: 'primary',
      outcome: 'ok',
      reason: null,
      image: { width: 2048, height: 1536, vendor: 'aperio', magnification: 40 },
      tile: { sizePx: 256, level: 0, readPx: 256, level0Px: 256, stepLevel0Px: 256, mpp: 0.25 },
      start: 0,
    });
    const segmentation = images[0]?.segmentation;
    expect(segmentation).toMatchObject({
      preset: 'default',
      level: 1,
      downsample: [4, 4],
      contours: 1,
      holes: 1,
    });
    expect(segmentation?.settings).toMatchObject({ sthresh: 8, threshold: 8, minArea: 0.5, segLevel: 1 });
    expect(segmentation?.tissueShare).toBeCloseTo((1024 * 768 - 256 * 256) / (2048 * 1536), 1);
  });

  it('comes with thumbnail, overlay, mask, sheet and contours', async () => {
    const { files } = await run();
    const [thumbnail, overlay, mask, sheet] = await Promise.all(
      ['thumbnail-0.jpg', 'overlay-0.jpg', 'mask-0.png', 'sheet.jpg'].map((file) => pixelsOf(files[file])),
    );
    expect([thumbnail?.width, thumbnail?.height]).toEqual([1024, 768]);
    expect([overlay?.width, mask?.width, sheet?.width]).toEqual([1024, 512, 240]);
    const colour = (picture: typeof overlay, x: number, y: number): readonly number[] => [
      ...(picture?.data.subarray((y * picture.width + x) * 3).subarray(0, 3) ?? []),
    ];
    // In the overlay, the left border of the piece is green and that of the hole is blue. The thumbnail has no borders.
    const [red = 0, green = 0, blue = 0] = colour(overlay, 128, 300);
    expect(green).toBeGreaterThan(Math.max(red, blue) + 40);
    const [holeRed = 0, , holeBlue = 0] = colour(overlay, 319, 300);
    expect(holeBlue).toBeGreaterThan(holeRed + 60);
    expect(colour(thumbnail, 128 + 20, 300)[1]).toBeLessThan(130);
    expect(mask?.data[(70 * 512 + 100) * 3]).toBe(255);
    expect(mask?.data[(150 * 512 + 190) * 3]).toBe(0);
    expect(mask?.data[(40 * 512 + 410) * 3]).toBe(128);
  });

  it('has contours that QuPath reads: closed rings in level-0 pixels, holes inside', async () => {
    const { files } = await run();
    const json = files['contours-0.geojson'] as {
      type: string;
      features: { geometry: { type: string; coordinates: [number, number][][] }; properties: object }[];
    };
    expect(json.type).toBe('FeatureCollection');
    const [feature, ...others] = json.features;
    expect(others).toEqual([]);
    expect(feature?.properties).toMatchObject({
      objectType: 'annotation',
      classification: { name: 'Tissue' },
    });
    expect(feature?.geometry.type).toBe('Polygon');
    const [outer = [], hole = []] = feature?.geometry.coordinates ?? [];
    for (const ring of [outer, hole]) expect(ring.at(-1)).toEqual(ring[0]);
    const xs = outer.map(([x]) => x);
    expect([Math.min(...xs), Math.max(...xs)]).toEqual([256, 1276]);
    expect(Math.min(...hole.map(([x]) => x))).toBe(636);
  });

  it('gives the same bytes again', async () => {
    const [once, again] = [await run(), await run()];
    expect(Object.keys(once.files).sort()).toEqual(Object.keys(again.files).sort());
    for (const [file, content] of Object.entries(once.files)) expect(again.files[file]).toEqual(content);
  });

  it('keeps and leaves out the contours that the slide table names', async () => {
    const both = { tissue: { ...tissue, minArea: 0.01 } };
    const count = async (unit: object): Promise<number | undefined> =>
      (await run(both, {}, unit)).images[0]?.segmentation?.contours;
    expect(await count({})).toBe(2);
    expect(await count({ keepIds: [1] })).toBe(1);
    // The contour that the scan meets last comes first: 0 is the large piece, 1 is the small piece above it.
    expect((await run(both, {}, { excludeIds: [0] })).coords.every(([x]) => x >= 1600)).toBe(true);
    const { problems } = await run(both, {}, { keepIds: [0, 5] });
    expect(problems).toMatchObject([{ severity: 'info', reason: expect.stringMatching(/names contour 5, but only 2/) as unknown }]); // prettier-ignore
  });

  it('is taken as a whole by preset bypass', async () => {
    const { coords, images } = await run({ tissue: { preset: 'bypass' } });
    expect(coords).toHaveLength(8 * 6);
    expect(images[0]?.segmentation).toMatchObject({ contours: 1, holes: 0, tissueShare: 1 });
  });

  it('says when tiles of it have no data', async () => {
    const { problems, images } = await run({}, { missingTiles: 3, notes: ['its label was left out'] });
    expect(images[0]?.outcome).toBe('ok');
    expect(problems.map(({ severity }) => severity)).toEqual(['warning', 'info']);
    expect(problems[0]?.reason).toMatch(/3 of its tiles have no data/);
  });

  it('without a pyramid is segmented shrunk, and says so', async () => {
    const reader = memorySlide([plainPicture(10, 10)]);
    const levels = [{ width: 16_384, height: 8192, downsample: 1 }];
    const read: SlideReader['read'] = (_, { x, y, width, height }) => {
      const rgb = new Uint8Array(width * height * 3).fill(240);
      // All pixels with x >= 8192 are tissue: their green channel is 100.
      for (let row = 0; row < height; row++)
        for (let column = Math.max(0, 8192 - x); column < width; column++)
          rgb[(row * width + column) * 3 + 1] = 100;
      return Promise.resolve(y < 0 ? rgb.fill(0) : rgb);
    };
    const flat = { ...reader, info: { ...reader.info, levels }, read };
    const config = { tile: { size: 1024, step: 1024 }, tissue: { minArea: 1, mthresh: 1, close: 0 } };
    const { images, coords, problems } = await tileSlideFile(name, config, () => Promise.resolve(flat));
    expect(images[0]?.segmentation).toMatchObject({ level: 0, downsample: [64, 64], contours: 1 });
    expect(coords).toHaveLength(64);
    expect(problems).toMatchObject([{ severity: 'info', reason: expect.stringMatching(/segmented shrunk 64 x 64/) as unknown }]); // prettier-ignore
  }, 60_000);
});

describe('the resolution of a slide', () => {
  const byMpp = { tile: { mpp: 0.5, size: 128, step: 128 } };

  it('decides how much of it a tile shows', async () => {
    const at = async (own: number): Promise<unknown> =>
      (await run(byMpp, { mpp: { x: own, y: own, source: 'Aperio MPP' } })).images[0]?.tile;
    expect(await at(0.25)).toMatchObject({ level: 0, readPx: 256, level0Px: 256, mpp: 0.5 });
    expect(await at(0.5)).toMatchObject({ level: 0, readPx: 128, level0Px: 128, mpp: 0.5 });
    expect(await at(0.125)).toMatchObject({ level: 1, readPx: 128, level0Px: 512, mpp: 0.5 });
  });

  it('is taken from the slide table before the file', async () => {
    const { images } = await run(byMpp, {}, { mpp: 0.5 });
    expect(images[0]).toMatchObject({
      image: { mpp: { x: 0.5, source: 'slide table' } },
      tile: { level0Px: 128 },
    });
  });

  it('is taken from the experiment when nobody else says, and that is told', async () => {
    const { images, problems } = await run({ tile: { mpp: 0.5, defaultMpp: 0.25 } }, { mpp: null });
    expect(images[0]).toMatchObject({ outcome: 'ok', image: { mpp: { source: 'tile.defaultMpp' } } });
    expect(problems).toMatchObject([{ severity: 'info', file: name, patient: '007' }]);
    expect((await run({ tile: { mpp: 0.5, defaultMpp: 0.3 } })).images[0]?.image?.mpp?.x).toBe(0.25);
  });

  it('missing where it is needed: the slide fails, with both ways to give it, and its pictures', async () => {
    const { images, problems, coords, files } = await run(byMpp, { mpp: null });
    expect(images[0]).toMatchObject({ outcome: 'failed', tile: null, rows: 0 });
    expect(problems).toMatchObject([{ severity: 'failure', stage: 'tile', file: name }]);
    expect(problems[0]?.fix).toMatch(/slide table.*tile\.defaultMpp/);
    expect(coords).toEqual([]);
    expect(Object.keys(files).sort()).toEqual(
      ['contours-0.geojson', 'coords.i32', 'mask-0.png', 'overlay-0.jpg', 'sheet.jpg', 'thumbnail-0.jpg', 'tiles.json'], // prettier-ignore
    );
  });

  it.each([
    ['coarser than what is asked for', { tile: { mpp: 0.2 } }, /finer 0\.2/],
    ['of a level it does not have', { tile: { level: 3 } }, /levels 0 to 2, tile\.level asks for 3/],
    ['segmented at a level it does not have', { tissue: { segLevel: 9 } }, /tissue\.segLevel asks for 9/],
  ])('%s: the slide fails', async (_, config, reason) => {
    const { images, problems } = await run(config);
    expect(images[0]?.outcome).toBe('failed');
    expect(images[0]?.reason).toMatch(reason);
    expect(problems).toMatchObject([{ severity: 'failure' }]);
  });
});

describe('a slide that gives no tiles', () => {
  it('without tissue is empty, with the thresholds used and what to try', async () => {
    const { images, problems, files } = await run({ tissue: {} });
    expect(images[0]).toMatchObject({
      outcome: 'empty',
      rows: 0,
      segmentation: { contours: 0, tissueShare: 0 },
    });
    expect(problems).toMatchObject([{ severity: 'failure', patient: '007' }]);
    expect(problems[0]?.reason).toMatch(
      /preset default, saturation above 8, pieces above 100 .*; the largest piece has [12]\.\d+/,
    );
    expect(problems[0]?.fix).toMatch(/tissue\.preset/);
    expect(Object.keys(files)).toEqual(
      expect.arrayContaining(['coords.h5', 'mask-0.png', 'thumbnail-0.jpg']),
    );
    // The mask shows tissue that was found but is too small.
    const mask = await pixelsOf(files['mask-0.png']);
    expect(mask.data.includes(128)).toBe(true);
    expect(mask.data.includes(255)).toBe(false);
  });

  it('with tissue between the tiles is empty too', async () => {
    const { images } = await run({
      tissue: { ...tissue, contourTest: 'four_pt_hard' },
      tile: { size: 2048, step: 2048 },
    });
    expect(images[0]).toMatchObject({ outcome: 'empty', segmentation: { contours: 1 } });
    expect(images[0]?.reason).toMatch(/no tile lies in its tissue \(1 pieces, contour test four_pt_hard\)/);
  });

  it('with damaged pixels has failed, and is closed', async () => {
    let closed = false;
    const broken: SlideReader = {
      ...slide(),
      read: () => Promise.reject(new HafError('HAF_SLIDE_UNREADABLE', 'x.svs cannot be read: bad.', 'Copy it.', { context: { reason: 'bad' } })), // prettier-ignore
      close: () => {
        closed = true;
        return Promise.resolve();
      },
    };
    const { images, problems } = await tileSlideFile(name, {}, () => Promise.resolve(broken));
    expect(images[0]).toMatchObject({ outcome: 'failed', reason: 'bad', image: { width: 2048 } });
    expect(problems).toMatchObject([{ severity: 'failure', reason: 'bad', fix: 'Copy it.' }]);
    expect(closed).toBe(true);
  });

  it('of nobody has them all the same: the cohort decides whom it needs', async () => {
    const { images } = await tileSlideFile('slide.svs', { tissue }, () => Promise.resolve(slide()));
    expect(images[0]).toMatchObject({ outcome: 'ok', patient: null });
  });

  it('lets faults of the job pass', async () => {
    const full = new HafError('HAF_STORE_FULL', 'No space.', 'Free some.');
    await expect(tileSlideFile(name, {}, () => Promise.reject(full))).rejects.toBe(full);
  });
});

describe('files', () => {
  it('of our own make are tiled at a level and by resolution', async () => {
    const path = await writePainted('PrimaryTumor_HE_003.svs');
    const config = { tissue: { minArea: 0, minHoleArea: 0 }, tile: { size: 64, step: 64 } };
    const atLevel = await tileSlideFile(path, config);
    expect(atLevel.images[0]).toMatchObject({
      outcome: 'ok',
      image: { mpp: { x: 0.25 } },
      tile: { mpp: 0.25 },
    });
    const byMpp = await tileSlideFile(path, { ...config, tile: { ...config.tile, mpp: 0.5 } });
    expect(byMpp.images[0]?.tile).toMatchObject({ level: 1, readPx: 64, level0Px: 128, mpp: 0.5 });
    expect(byMpp.coords.length).toBeLessThan(atLevel.coords.length / 2);
  });
});

describe.skipIf(slidesFolder === null)('the real small slides', () => {
  const open = (file: string, config: Partial<ConfigInput> = {}): Promise<Tiled> =>
    tileSlideFile(`PrimaryTumor_HE_001_${file}`, config, () => openSlide(join(slidesFolder as string, file)));

  it('boxes.tiff has 44 tiles of 32 pixels', async () => {
    const config = { tissue: { minArea: 0, minHoleArea: 0 }, tile: { size: 32, step: 32 } };
    const { coords, images } = await open('boxes.tiff', config);
    // CLAM also finds 44 tiles if it segments the pixels of the same level.
    expect(coords).toHaveLength(44);
    expect(images[0]?.segmentation?.level).toBe(3);
  });

  it('small.svs opens and has no tile of 256', async () => {
    const { images } = await open('small.svs');
    expect(images[0]).toMatchObject({ outcome: 'empty', image: { mpp: { x: 0.499 }, magnification: 20 } });
  });

  it.each(['unreadable.svs', 'unopenable.tiff'])('%s fails with its reason', async (file) => {
    const { images, problems } = await open(file);
    expect(images[0]?.outcome).toBe('failed');
    expect(problems).toMatchObject([{ severity: 'failure' }]);
  });
});
