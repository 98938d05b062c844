import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRegions } from '../../src/operators/tiling/annotated-regions.js';
import { memorySlide, plainPicture } from '../support/memory-slide.js';
import { tileSlideFile, type Tiled } from '../support/tile-images.js';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'haf-annotations-'))));
afterAll(() => rmSync(folder, { recursive: true }));

type Ring = readonly (readonly [number, number])[];
const box = (left: number, top: number, right: number, bottom: number): Ring => [
  [left, top],
  [right, top],
  [right, bottom],
  [left, bottom],
  [left, top],
];
const polygon = (...rings: readonly Ring[]) => ({ type: 'Polygon', coordinates: rings });
const feature = (geometry: object, name?: string, objectType = 'annotation') => ({
  ...{ type: 'Feature', id: '7f2a4c1e-0d7c-4e8e-9c55-0d4c6f0a9f11', geometry },
  properties: { objectType, ...(name === undefined ? {} : { classification: { name, color: [200, 0, 0] } }) },
});
const collection = (...features: readonly object[]) => ({ type: 'FeatureCollection', features });

const slide = { width: 1000, height: 800 };
const rules = { include: null, exclude: ['Ignore*', 'Exclude'] };
const written = (content: unknown): string => {
  const path = join(folder, 'a.geojson');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};
const regionsOf = (content: unknown, more: object = {}) =>
  readRegions(written(content), slide, { ...rules, ...more });

/** Draws the slide as text: one character for each field of 100 pixels, "#" if the tile in this field is kept. */
function picture(content: unknown, more: object = {}): readonly string[] {
  const fields = Array.from({ length: 80 }, (_, i) => [(i % 10) * 100, Math.floor(i / 10) * 100]);
  const kept = regionsOf(content, more).limit(Int32Array.from(fields.flat()), 100);
  const places = new Set<string>();
  for (let i = 0; i < kept.length; i += 2) places.add(`${kept[i] ?? ''} ${kept[i + 1] ?? ''}`);
  return Array.from({ length: 8 }, (_, y) =>
    Array.from({ length: 10 }, (_, x) => (places.has(`${x * 100} ${y * 100}`) ? '#' : '.')).join(''),
  );
}
const refused = (content: unknown, what: RegExp, more: object = {}): void =>
  expect(() => regionsOf(content, more)).toThrow(
    expect.objectContaining({ code: 'HAF_SLIDE_UNREADABLE', what: expect.stringMatching(what) as string }),
  );

describe('regions drawn in QuPath', () => {
  it('keep the tiles whose middle lies in them, and not in a hole', () => {
    const ring = polygon(box(100, 100, 700.4, 600.6), box(300, 300, 500, 500));
    expect(picture(collection(feature(ring)))).toEqual([
      '..........',
      '.######...',
      '.######...',
      '.##..##...',
      '.##..##...',
      '.######...',
      '..........',
      '..........',
    ]);
  });

  it('may be of several polygons, and exclude by the class, whose star QuPath has in its name', () => {
    const two = { type: 'MultiPolygon', coordinates: [[box(0, 0, 300, 200)], [box(600, 0, 1000, 200)]] };
    const drawn = collection(feature(two, 'Tumor'), feature(polygon(box(100, 0, 200, 100)), 'Ignore*'));
    expect(picture(drawn).slice(0, 3)).toEqual(['#.#...####', '###...####', '..........']);
    expect(regionsOf(drawn).notes).toEqual([
      'its tiles are limited by a.geojson: in Tumor (1), not in Ignore* (1)',
    ]);
  });

  it('leave all but themselves where only excluded ones were drawn', () => {
    const [first, second] = picture(collection(feature(polygon(box(0, 0, 500, 100)), 'Exclude')));
    expect([first, second]).toEqual(['.....#####', '##########']);
  });

  it('count by the classes that are asked for, and the others are told', () => {
    const drawn = collection(
      feature(polygon(box(0, 0, 200, 100)), 'Tumor: Invasive'),
      feature(polygon(box(300, 0, 400, 100)), 'Stroma'),
      feature(polygon(box(500, 0, 600, 100))),
    );
    expect(picture(drawn, { include: ['Tumor*'] })[0]).toBe('##........');
    expect(regionsOf(drawn, { include: ['Tumor*'] }).notes[0]).toMatch(
      /2 annotations of a.geojson are of no class in tissue.include: Stroma \(1\), no class \(1\)/,
    );
    expect(picture(drawn)[0]).toBe('##.#.#....');
    // In a pattern of `include`, a dot means a dot, and the pattern must match the whole name of a class.
    refused(drawn, /no annotation of a class in tissue.include \(Tumor, T.mor\*\)/, {
      include: ['Tumor', 'T.mor*'],
    });
  });

  it('are read from a bare list or a single feature, and the class from its parts', () => {
    const one = feature(polygon(box(0, 0, 100, 100)));
    const derived = { ...one, properties: { classification: { names: ['Tumor', 'Positive'] } } };
    expect(picture([one])[0]).toBe('#.........');
    expect(picture(derived, { include: ['Tumor: Positive'] })[0]).toBe('#.........');
    expect(picture(`\ufeff${JSON.stringify(one)}`)[0]).toBe('#.........');
  });
});

describe('annotations that cannot be used', () => {
  it('are named: points and lines, detections, regions outside of the slide and over its edge', () => {
    const { warnings, notes } = regionsOf(
      collection(
        feature(polygon(box(0, 0, 100, 100))),
        feature({ type: 'Point', coordinates: [5, 5] }),
        feature(polygon(box(0, 0, 9, 9)), 'Tumor', 'detection'),
        feature(polygon(box(2000, 2000, 3000, 3000))),
        feature(polygon(box(900, 0, 1500, 100))),
      ),
    );
    expect(warnings).toEqual([
      'a.geojson: annotation 2 is a Point, which has no area, and was left out',
      'a.geojson: annotation 5 reaches beyond the slide, which has 1000 x 800 pixels',
      'a.geojson: annotation 4 lies outside of the slide, which has 1000 x 800 pixels, and was left out',
    ]);
    expect(notes[0]).toBe('1 object of a.geojson are not annotations and limit nothing');
  });

  it('refuse the slide: of another slide, in shares, without area, damaged, no GeoJSON', () => {
    refused(
      collection(feature(polygon(box(5000, 5000, 6000, 6000)))),
      /all annotations of a.geojson lie outside/,
    );
    refused(collection(feature(polygon(box(0.1, 0.1, 0.9, 0.9)))), /fractions of the image and not pixels/);
    refused(collection(feature({ type: 'LineString', coordinates: [[0, 0], [9, 9]] })), /no annotation with an area/); // prettier-ignore
    refused(collection(), /no annotation with an area/);
    refused(collection(feature({ type: 'Polygon', coordinates: [[[0, 0], ['a', 1]]] })), /damaged Polygon/); // prettier-ignore
    refused(collection(feature(polygon(box(0, 0, 1e12, 9)))), /damaged Polygon/);
    refused('{"type": "Feature', /is not JSON/);
    refused({ slides: [] }, /not GeoJSON with features/);
  });
});

describe('a slide with regions', () => {
  const piece = { x: 0, y: 0, width: 1024, height: 1024, colour: [200, 120, 180] as const };
  const open = () => Promise.resolve(memorySlide([plainPicture(1024, 1024, [piece])]));
  const config = { tissue: { preset: 'bypass' }, tile: { size: 256, step: 256 } } as const;
  const run = (content: unknown): Promise<Tiled> =>
    tileSlideFile('PrimaryTumor_HE_007.svs', config, open, {}, [written(content)]);

  it('has the tiles of its grid that lie in them, and says so', async () => {
    const { coords, problems, images } = await run(
      collection(feature(polygon(box(0, 0, 512, 300)), 'Tumor')),
    );
    expect(coords).toEqual([
      [0, 0],
      [256, 0],
    ]);
    expect(images[0]).toMatchObject({ outcome: 'ok', rows: 2 });
    expect(problems).toMatchObject([
      { severity: 'info', reason: 'its tiles are limited by a.geojson: in Tumor (1)' },
    ]);
  });

  it('is empty, with the reason, where no tile lies in them', async () => {
    const { images, problems } = await run(collection(feature(polygon(box(0, 0, 60, 60)))));
    expect(images[0]).toMatchObject({ outcome: 'empty', rows: 0 });
    expect(problems[0]).toMatchObject({
      severity: 'failure',
      reason: 'none of its tiles has its centre in a region that was drawn for it',
    });
  });

  it('fails with a file that cannot be used', async () => {
    const { images } = await run(collection(feature(polygon(box(9000, 9000, 9999, 9999)))));
    expect(images[0]).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('lie outside of the slide') as string,
    });
  });
});
