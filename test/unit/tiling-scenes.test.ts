import { describe, expect, it } from 'vitest';
import { clamCoordsFile, contoursFile, overlayFile } from '../../src/operators/tiling/tiles-data.js';
import { tileSchema } from '../../src/pipeline/config/image-schema.js';
import { stages } from '../../src/pipeline/stages.js';
import { openSlideInfo } from '../../src/operators/slides/openslide-info.js';
import { probeSlide } from '../../src/operators/slides/probe-slide.js';
import type { SlideReader } from '../../src/operators/slides/slide-reader.js';
import { slideLines } from '../../src/pipeline/cli/inspect-slides.js';
import { memorySlide, plainPicture } from '../support/memory-slide.js';
import { described, omeXml, square } from '../support/ome-scenes.js';
import { openClosed as openSlide } from '../support/open-slides.js';
import type { Changes } from '../support/resolved-config.js';
import { madeFile, madeTiff, rgbPage } from '../support/tiff-file.js';
import { tileSlideFile, type Tiled } from '../support/tile-images.js';

const [violet, green, grey] = [
  [150, 80, 160],
  [80, 160, 80],
  [90, 90, 90],
] as const;
const macro = { width: 100, height: 140, colour: grey };
const first = { width: 256, height: 192, colour: violet };
const second = { width: 192, height: 128, colour: green };

/** A file with a macro image first, then two scenes. The larger scene has a second level in a SubIFD. */
function written(name = '001.ome.tif'): string {
  const xml = omeXml([
    { ...macro, name: 'macro image', ifd: 0, size: square('8') },
    { ...second, name: 'left', ifd: 1, size: square('0.5') },
    { ...first, name: 'right', ifd: 2, size: square('0.25') },
  ]);
  const half = rgbPage({ width: 128, height: 96, colour: violet });
  const pages = [{ ...macro, tags: [described(xml)] }, second, { ...first, children: [half] }].map(rgbPage);
  return madeFile(name, madeTiff(pages));
}

const config: Changes = {
  tissue: { preset: 'bypass' },
  tile: { size: 64, step: 64 },
};
const tiled = (path: string, scene?: 'all' | number, changes: Changes = {}): Promise<Tiled> =>
  tileSlideFile(path, { ...config, ...changes }, undefined, scene === undefined ? {} : { scene });

const outcomes = ({ images }: Tiled) =>
  images.map(({ id, scene, outcome, rows, image }) => [id, scene, outcome, rows, image?.mpp?.x]);

describe('tile.scene', () => {
  it('largest: the scene with the most pixels, and the others are warned of', async () => {
    const found = await tiled(written());
    expect(outcomes(found)).toEqual([['001.ome', 3, 'ok', 12, 0.25]]);
    expect(found.problems.map(({ severity, reason }) => [severity, reason])).toEqual([
      ['info', 'it holds an overview that is not read: 100 x 140 pixels ("macro image")'],
      ['warning', 'it holds another image that is not read: 192 x 128 pixels ("left")'],
    ]);
  });

  it('a number: that scene with its own size of a pixel, and it is said', async () => {
    const found = await tiled(written(), 2);
    expect(outcomes(found)).toEqual([['001.ome', 2, 'ok', 6, 0.5]]);
    expect(found.problems.map(({ severity, reason }) => [severity, reason])).toEqual([
      ['info', 'it holds an overview that is not read: 100 x 140 pixels ("macro image")'],
      ['info', 'scene 2 of its 3 is tiled, as tile.scene says'],
    ]);
  });

  it('all: each scene but the overview is an image of its own, with files of its own', async () => {
    const found = await tiled(written(), 'all');
    expect(outcomes(found)).toEqual([
      ['001.ome-scene2', 2, 'ok', 6, 0.5],
      ['001.ome-scene3', 3, 'ok', 12, 0.25],
    ]);
    expect(found.images.map(({ start }) => start)).toEqual([0, 6]);
    const corners = found.coords.slice(0, 6).map(([x, y]) => `${x},${y}`);
    expect(corners.sort()).toEqual(['0,0', '0,64', '128,0', '128,64', '64,0', '64,64']);
    for (const at of [0, 1])
      for (const file of [clamCoordsFile(at), overlayFile(at), contoursFile(at)])
        expect(found.files, file).toHaveProperty([file]);
    expect(found.problems.map(({ severity, place, reason }) => [severity, place, reason])).toEqual([
      ['info', 'scene 2, 3', 'it holds an overview that is not read: 100 x 140 pixels ("macro image")'],
    ]);
  });

  it('all: a scene that is too coarse is left out alone', async () => {
    const found = await tiled(written(), 'all', { tile: { size: 64, step: 64, mpp: 0.25 } });
    expect(found.images.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['001.ome-scene2', 'failed'],
      ['001.ome-scene3', 'ok'],
    ]);
    expect(found.problems).toContainEqual(
      expect.objectContaining({ severity: 'failure', place: 'scene 2', file: '001.ome.tif' }),
    );
  });

  it('all: of a file with one scene beside its overview, that one under the name of the slide', async () => {
    const xml = omeXml([
      { ...first, name: 'macro', ifd: 0 },
      { ...second, name: 'scan', ifd: 1, size: square('0.5') },
    ]);
    const pages = [{ ...first, tags: [described(xml)] }, second].map(rgbPage);
    const found = await tiled(madeFile('001.ome.tif', madeTiff(pages)), 'all');
    expect(outcomes(found)).toEqual([['001.ome', 2, 'ok', 6, 0.5]]);
  });

  it('a number that the file has not: the error lists what there is', async () => {
    const found = await tiled(written(), 4);
    expect(found.images).toMatchObject([{ outcome: 'failed', rows: 0 }]);
    expect(found.images[0]?.reason).toBe(
      'tile.scene asks for scene 4; it holds 3: 1 (macro image, 100 x 140 pixels, 8 um per pixel), ' +
        '2 (left, 192 x 128 pixels, 0.5 um per pixel), 3 (right, 256 x 192 pixels, 0.25 um per pixel)',
    );
    const alone = await tiled(madeFile('002.tif', madeTiff([rgbPage(first)])), 2);
    expect(alone.images[0]?.reason).toBe('tile.scene asks for scene 2; it holds one image');
  });

  it('all and annotations: which scene they are drawn on is not known', async () => {
    const path = written();
    const drawn = madeFile('001.ome.geojson', Buffer.from('{}'));
    const found = await tileSlideFile(path, config, undefined, { scene: 'all' }, [drawn]);
    expect(found.images).toMatchObject([{ id: '001.ome', outcome: 'failed' }]);
    expect(found.images[0]?.reason).toMatch(/annotations .* not say which of its 2 scenes is meant/);
    const kept = await tileSlideFile(path, config, undefined, { scene: 'all', keepIds: [0] });
    expect(kept.images[0]?.reason).toMatch(/keep_ids and exclude_ids .* not say which/);
  });
});

describe('the pixels of a scene', () => {
  it.each([
    [null, violet],
    [1, grey],
    [2, green],
    [3, violet],
  ] as const)('%s', async (scene, colour) => {
    const reader = await openSlide(written(), null, scene);
    expect([...(await reader.read(0, { x: 1, y: 1, width: 1, height: 1 }))]).toEqual([...colour]);
    expect(reader.info.levels.map(({ width }) => width)).toEqual(
      colour === violet ? [256, 128] : [colour === green ? 192 : 100],
    );
  });

  it('a picture in strips beside images in tiles is no scene, and can be asked for', async () => {
    const { tags } = rgbPage(macro);
    const strips = {
      tags: [...tags.filter(([id]) => id !== 322 && id !== 323), [278, 4, [macro.height]] as const],
      chunks: [Buffer.alloc(macro.width * macro.height * 3, 90)],
      in: 'strips' as const,
    };
    const path = madeFile('001.tif', madeTiff([rgbPage(first), strips, rgbPage(second)]));
    expect((await openSlide(path)).info.scenes?.map(({ kind }) => kind)).toEqual([
      'scene',
      'strips',
      'scene',
    ]);
    expect((await openSlide(path, null, 2)).info.levels).toEqual([
      { width: 100, height: 140, downsample: 1 },
    ]);
    const found = await tiled(path, 'all');
    expect(found.images.map(({ scene }) => scene)).toEqual([1, 3]);
    expect(found.problems.map(({ severity, reason }) => [severity, reason])).toEqual([
      ['warning', 'it holds another image that is not read: 100 x 140 pixels'],
    ]);
  });
});

describe('inspect', () => {
  it('lists the scenes by the numbers that tile.scene takes', async () => {
    const probe = await probeSlide(written());
    expect(slideLines([{ file: 'a.ome.tif', probe }]).slice(-4)).toEqual([
      'a.ome.tif: 3 scenes, for tile.scene:',
      '  1 (macro image, 100 x 140 pixels, 8 um per pixel)  overview',
      '  2 (left, 192 x 128 pixels, 0.5 um per pixel)',
      '  3 (right, 256 x 192 pixels, 0.25 um per pixel)  read by default',
    ]);
  });
});

it('the recipe of a tile job has every key of the section tile but the scene, which is in the unit', () => {
  const keys = Object.keys(tileSchema.shape).filter((key) => key !== 'scene');
  const reads = stages.tile.reads({ tiling: 'tissue' });
  expect(reads.toSorted()).toEqual(['tissue', ...keys.map((key) => `tile.${key}`)].toSorted());
});

describe('scenes on one canvas', () => {
  const properties = {
    'openslide.vendor': 'zeiss',
    ...{ 'openslide.mpp-x': '0.25', 'openslide.mpp-y': '0.25' },
    ...{ 'openslide.bounds-x': '10', 'openslide.bounds-y': '20' },
    ...{ 'openslide.bounds-width': '490', 'openslide.bounds-height': '256' },
    ...{ 'openslide.region[0].x': '10', 'openslide.region[0].y': '20' },
    ...{ 'openslide.region[0].width': '192', 'openslide.region[0].height': '256' },
    ...{ 'openslide.region[1].x': '330', 'openslide.region[1].y': '20' },
    ...{ 'openslide.region[1].width': '170', 'openslide.region[1].height': '128' },
  };
  const { info } = openSlideInfo(
    { levels: [{ width: 500, height: 276, downsample: 1 }], properties },
    '4.0.1',
  );

  it('are rectangles of the picture that is read', () => {
    expect(info.scenes).toMatchObject([
      { number: 1, width: 192, height: 256, at: { x: 0, y: 0 } },
      { number: 2, width: 170, height: 128, at: { x: 320, y: 0 } },
    ]);
    expect(info.scene).toBeUndefined();
  });

  const open = (): Promise<SlideReader> =>
    Promise.resolve(memorySlide([plainPicture(490, 256)], { ...info, levels: info.levels }));

  it.each<readonly ['all' | number | undefined, number, number, number | undefined]>([
    [undefined, 0, 32, undefined],
    ['all', 0, 32, undefined],
    [1, 0, 12, 1],
    [2, 320, 6, 2],
  ])('tile.scene %s', async (scene, left, rows, said) => {
    const found = await tileSlideFile('001.czi', config, open, scene === undefined ? {} : { scene });
    expect(found.images).toMatchObject([{ id: '001', outcome: 'ok', rows }]);
    expect(found.images[0]?.scene).toBe(said);
    expect(Math.min(...found.coords.map(([x]) => x))).toBe(left);
  });
});
