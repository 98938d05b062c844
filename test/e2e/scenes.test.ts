import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { makeCohort } from '../../src/operators/synthetic/make-cohort.js';
import { grouped } from '../../src/pipeline/core/grouped.js';
import { patientSlides } from '../../src/pipeline/page/patient-slides.js';
import { SlideCache, type CachedSlide } from '../../src/pipeline/page/slide-cache.js';
import { cli, type CliResult } from '../support/cli.js';
import type { Changes } from '../support/resolved-config.js';
import { runFolder } from '../support/small-cohort.js';
import { madeTiff, rgbPage } from '../support/tiff-file.js';

const width = 16;
const [violet, green] = [
  [150, 80, 160],
  [80, 160, 80],
] as const;
/** Two scenes of different size. The coordinates of both scenes begin at (0, 0), so they overlap. */
const [first, second] = [
  { width: 256, height: 128, colour: violet },
  { width: 128, height: 192, colour: green },
];

describe('a run over slides of two scenes, all of which are tiled', () => {
  let folder: string;
  let run: string;
  let ended: CliResult;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'haf-scenes-'));
    const data = join(folder, 'data');
    await makeCohort({ out: data, patients: 24, seed: 5, width, slides: true });
    const names = readdirSync(join(data, 'slides'));
    rmSync(join(data, 'slides'), { recursive: true });
    mkdirSync(join(data, 'slides'));
    for (const name of names)
      writeFileSync(
        join(data, 'slides', name.replace(/\.svs$/, '.tif')),
        madeTiff([first, second].map(rgbPage)),
      );
    const experiment: Changes = {
      ...{ name: 'scenes', modalities: ['WSI', 'Clin'], methods: ['haf'], cohort: { require: [] } },
      ...{ cv: { folds: 2 }, train: { epochs: 1, lr: 1e-3, batch: 16 } },
      tissue: { preset: 'bypass' },
      tile: { size: 64, step: 64, scene: 'all' },
      embed: { encoder: { standIn: true } },
      data: { root: 'data', modalities: { WSI: { slides: 'slides/*.tif', width } } },
    };
    writeFileSync(join(folder, 'experiment.yaml'), stringify(experiment));
    ended = await cli(['up', '-c', 'experiment.yaml', '--no-broker'], folder);
    run = runFolder(folder);
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const rowsOf = (path: string): Record<string, string>[] => parse(readFileSync(path), { columns: true });

  it('has a row and files for each scene', () => {
    expect(ended.code, ended.stderr).toBe(0);
    const rows = rowsOf(join(run, 'tiles.csv'));
    const slides = readdirSync(join(folder, 'data', 'slides'));
    expect(rows).toHaveLength(2 * slides.length);
    expect(rows.slice(0, 2).map(({ scene, width: w, height, tiles }) => [scene, w, height, tiles])).toEqual([
      ['1', '256', '128', '8'],
      ['2', '128', '192', '6'],
    ]);
    expect(readdirSync(join(run, 'tiles/patches'))).toHaveLength(rows.length);
    expect(readdirSync(join(run, 'tiles/contours'))).toHaveLength(rows.length);
  });

  it('draws and writes the attention of each scene apart', () => {
    const heatmaps = join(run, 'heatmaps/WSI');
    const [table = ''] = readdirSync(heatmaps).filter((name) => name.endsWith('.csv'));
    const rows = rowsOf(join(heatmaps, table));
    const slides = grouped(rows.map((row) => [row['image'] ?? '', row]));
    for (const [image, tiles] of slides) expect(tiles, image).toHaveLength(image.endsWith('scene1') ? 8 : 6);
    expect(slides.size % 2).toBe(0);
    const files = readdirSync(join(heatmaps, table.replace(/\.csv$/, '')));
    expect(files.sort()).toEqual([...slides.keys()].map((image) => `${image}.geojson`).sort());
    for (const file of files) {
      const { tiles, features } = JSON.parse(
        readFileSync(join(heatmaps, table.replace(/\.csv$/, ''), file), 'utf8'),
      ) as { tiles: { scene: number }; features: { geometry: { coordinates: number[][][] } }[] };
      const [{ width: w, height }, scene] = file.includes('scene1') ? [first, 1] : [second, 2];
      expect(tiles.scene, file).toBe(scene);
      for (const { geometry } of features)
        for (const [x = 0, y = 0] of geometry.coordinates[0] ?? []) {
          expect(x, file).toBeLessThanOrEqual(w);
          expect(y, file).toBeLessThanOrEqual(height);
        }
    }
  });

  it('the viewer of the page shows each scene of the file by itself', async () => {
    const [{ patient = '' } = {}] = rowsOf(join(run, 'tiles.csv'));
    const shown = patientSlides(run, join(folder, 'data'), patient, () => 0);
    const shelf = new SlideCache();
    try {
      const [one, two] = (shown?.slides ?? []).map(({ file }) => file as CachedSlide);
      expect([one?.path, one?.scene, two?.scene]).toEqual([two?.path, 1, 2]);
      expect(await shelf.size(one as CachedSlide)).toEqual({ width: 256, height: 128 });
      expect(await shelf.size(two as CachedSlide)).toEqual({ width: 128, height: 192 });
    } finally {
      await shelf.close();
    }
  });
});
