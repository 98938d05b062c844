import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contoursGeoJson } from '../../src/operators/tiling/contours-geojson.js';
import { staysWithin } from '../../src/pipeline/core/path-within.js';
import {
  csvRows,
  embedOf,
  heatmapsOf,
  heatmapRun,
  tiledImage,
  tileOf,
  tissue,
  type CaseBag,
  type HeatmapCase,
} from '../support/heatmap-case.js';

const unit = { modality: 'WSI', file: 'wsi/PrimaryTumor_HE_001.svs', encoder: 'onnx' } as const;
const tileUnit = { modality: 'WSI', file: unit.file } as const;
const corners = [
  [0, 0],
  [1200, 0],
  [0, 400],
] as const;

const position = z.tuple([z.number().int(), z.number().int()]);
/** A linear ring after RFC 7946: at least four positions, the first one again at the end. */
const ring = z
  .array(position)
  .min(4)
  .refine((all) => JSON.stringify(all[0]) === JSON.stringify(all.at(-1)), 'the ring is not closed');
const polygon = z.strictObject({ type: z.literal('Polygon'), coordinates: z.array(ring).min(1) });
const detection = z.strictObject({
  type: z.literal('Feature'),
  geometry: polygon,
  properties: z.strictObject({
    objectType: z.literal('detection'),
    name: z.string(),
    measurements: z.record(z.string(), z.number()),
  }),
});
const annotation = z.strictObject({
  type: z.literal('Feature'),
  geometry: polygon,
  properties: z.strictObject({
    objectType: z.literal('annotation'),
    name: z.string(),
    isLocked: z.literal(true),
    classification: z.strictObject({ name: z.string() }),
  }),
});
/** The keys of a GeoJSON file that QuPath 0.5 reads. */
const collection = z.strictObject({
  type: z.literal('FeatureCollection'),
  tiles: z.record(z.string(), z.string()),
  features: z.array(z.union([detection, annotation])),
});

type Files = Readonly<Record<string, Uint8Array>>;
const opened = (files: Files, name: string) =>
  collection.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(files[name])));
const detections = (files: Files, name: string) =>
  opened(files, name).features.flatMap((feature) => {
    const { success, data } = detection.safeParse(feature);
    return success ? [data] : [];
  });
const geoJsonNames = (files: Files): readonly string[] =>
  Object.keys(files).filter((name) => name.endsWith('.geojson'));

const caseOf = (bags: readonly CaseBag[], more: Partial<HeatmapCase> = {}): HeatmapCase => {
  let start = 0;
  const segments = bags.map(({ at }) => {
    start += at.length;
    return { artifact: 'e1', start: start - at.length, rows: at.length };
  });
  return {
    patients: { '001': { segments, scores: Array.from({ length: start }, (_, i) => i) } },
    ...{ test: ['001'], embed: [embedOf('e1', unit, bags)], ...more },
  };
};
const slide = async (): Promise<HeatmapCase> => ({
  ...caseOf([{ at: corners }], { tile: [await tileOf(tileUnit, [tiledImage()])] }),
  patients: { '001': { segments: [{ artifact: 'e1', start: 0, rows: 3 }], scores: [-2, 7, 1] } },
});

describe('GeoJSON for QuPath', () => {
  it('has a closed rectangle for each tile in level-0 pixels, with what the table says of it', async () => {
    const files = await heatmapsOf(await slide());
    const table = csvRows(files['WSI-001.csv']);
    const tiles = detections(files, 'WSI-001/PrimaryTumor_HE_001.geojson');
    expect(tiles.map(({ geometry }) => geometry.coordinates)).toEqual(
      table.map(({ x, y, side }) => {
        const [left, top, size] = [Number(x), Number(y), Number(side)];
        const [right, bottom] = [left + size, top + size];
        return [
          [
            [left, top],
            [right, top],
            [right, bottom],
            [left, bottom],
            [left, top],
          ],
        ];
      }),
    );
    expect(tiles[1]?.geometry.coordinates[0]?.slice(0, 3)).toEqual([
      [1200, 0],
      [1600, 0],
      [1600, 400],
    ]);
    expect(tiles.map(({ properties: { name } }) => name)).toEqual(table.map(({ row }) => row));
    for (const [i, { properties }] of tiles.entries()) {
      const { measurements } = properties;
      expect(measurements['attention score']).toBe([-2, 7, 1][i]);
      expect(measurements['attention']).toBeCloseTo(Number(table[i]?.['attention']), 6);
      expect(measurements['attention percentile']).toBe([0, 1, 0.5][i]);
    }
  });

  it('has the tissue with its holes as locked annotations, before the tiles', async () => {
    const files = await heatmapsOf(await slide());
    const [first, ...others] = opened(files, 'WSI-001/PrimaryTumor_HE_001.geojson').features;
    const [piece] = contoursGeoJson(tissue).features;
    expect(first?.geometry).toEqual(piece?.geometry);
    expect(first?.properties).toMatchObject({ classification: { name: 'Tissue' }, isLocked: true });
    expect(others).toHaveLength(3);
  });

  it('has no tissue where none was looked for', async () => {
    const given = caseOf([{ at: corners }], {
      tile: [await tileOf(tileUnit, [tiledImage({ segmentation: null })])],
    });
    expect(opened(await heatmapsOf(given), 'WSI-001/PrimaryTumor_HE_001.geojson').features).toHaveLength(3);
  });

  it('is the whole image where the only tile is the whole image', async () => {
    const whole = { sizePx: 256, level: 0, readPx: 1600, level0Px: 1600, stepLevel0Px: 1600, mpp: null };
    const image = tiledImage({ segmentation: null, rows: 1, tile: { ...whole, whole: true } });
    const at = [[0, 0]] as const;
    const given = caseOf([{ at, coords: { unit: 'px', side: 1600 } }], {
      tile: [await tileOf(tileUnit, [image])],
    });
    const [tile] = detections(await heatmapsOf(given), 'WSI-001/PrimaryTumor_HE_001.geojson');
    expect(tile?.geometry.coordinates[0]?.[2]).toEqual([1600, 800]);
  });

  it('says where coordinates and the side of a tile come from', async () => {
    const image = await heatmapsOf(await slide());
    expect(opened(image, 'WSI-001/PrimaryTumor_HE_001.geojson').tiles).toMatchObject({
      ...{ coordinates: 'from the corner of the image', side: 'known' },
    });
    const at = [
      [10, 0],
      [522, 0],
      [1034, 0],
    ] as const;
    const files = await heatmapsOf(caseOf([{ at, coords: { unit: 'px', side: null } }]));
    const { tiles, features } = opened(files, 'WSI-001/PrimaryTumor_HE_001.geojson');
    expect(tiles).toMatchObject({
      coordinates: 'as in the feature file',
      side: expect.stringContaining('usual distance') as string,
    });
    expect(features[0]?.geometry.coordinates[0]?.[2]).toEqual([522, 512]);
  });

  it('is not written of micrometres, and a problem says so', async () => {
    const given = caseOf([{ at: corners, coords: { unit: 'um', side: 100 } }]);
    const { files, problems } = await heatmapRun(given);
    expect(geoJsonNames(files)).toEqual([]);
    expect(problems).toMatchObject([
      {
        severity: 'info',
        reason: expect.stringContaining('PrimaryTumor_HE_001 have coordinates in micrometres') as string,
      },
    ]);
    expect((await heatmapRun(await slide())).problems).toEqual([]);
  });
});

describe('GeoJSON of a large slide', () => {
  const many = (rows: number): CaseBag => ({
    at: Array.from({ length: rows }, (_, i) => [(i % 300) * 400, Math.floor(i / 300) * 400] as const),
  });

  it('is one file up to 50,000 features, and numbered parts above', async () => {
    expect(geoJsonNames(await heatmapsOf(caseOf([many(50_000)])))).toEqual([
      'WSI-001/PrimaryTumor_HE_001.geojson',
    ]);
    const bag = many(50_001);
    const files = await heatmapsOf(caseOf([bag]));
    const names = geoJsonNames(files);
    expect(names).toEqual([
      'WSI-001/PrimaryTumor_HE_001.part1.geojson',
      'WSI-001/PrimaryTumor_HE_001.part2.geojson',
    ]);
    const parts = names.map((name) => {
      const { features } = JSON.parse(new TextDecoder().decode(files[name])) as {
        features: { geometry: { coordinates: number[][][] } }[];
      };
      return features.map(({ geometry }) => geometry.coordinates[0]?.[0]);
    });
    expect(parts.map(({ length }) => length)).toEqual([50_000, 1]);
    expect(parts.flat()).toEqual(bag.at);
  }, 60_000);
});

describe('the name of a GeoJSON file', () => {
  it('stays within the folder of the patient, and no image takes the file of another', async () => {
    const odd = [
      'Fall 7 äöü #1',
      '../up',
      'a/b',
      'a%2Fb',
      'C:\\x',
      'tab\there',
      '"?*<>|',
      'Twin',
      'twin',
      'twin',
    ];
    const bags = odd.map((image, i): CaseBag => ({ image, at: [[i, 0]], coords: { unit: 'px', side: 1 } }));
    const files = await heatmapsOf(caseOf(bags));
    const names = geoJsonNames(files);
    expect(names).toEqual(
      [
        ...['Fall 7 äöü #1', '..%2Fup', 'a%2Fb', 'a%252Fb', 'C%3A%5Cx', 'tab%09here', '%22%3F%2A%3C%3E%7C'],
        ...['Twin', 'twin (2)', 'twin (3)'],
      ].map((name) => `WSI-001/${name}.geojson`),
    );
    expect(names.every(staysWithin)).toBe(true);
    expect(names.map((name) => opened(files, name).tiles['image'])).toEqual(odd);
    expect(names.map((name) => detections(files, name)[0]?.geometry.coordinates[0]?.[0])).toEqual(
      odd.map((_, i) => [i, 0]),
    );
  });

  it('fits a file system, and keeps its ending', async () => {
    const files = await heatmapsOf(caseOf([{ image: 'ß'.repeat(200), at: corners }]));
    const [name = ''] = geoJsonNames(files);
    expect(Buffer.byteLength(name.replace('WSI-001/', ''))).toBeLessThanOrEqual(255);
    expect(name).toMatch(/^WSI-001\/ß+~[0-9a-f]{8}\.geojson$/);
  });
});
