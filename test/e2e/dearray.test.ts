import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { patientSlides } from '../../src/pipeline/page/patient-slides.js';
import { SlideCache, type CachedSlide } from '../../src/pipeline/page/slide-cache.js';
import { cli, type CliResult } from '../support/cli.js';
import type { Changes } from '../support/resolved-config.js';
import { runFolder } from '../support/small-cohort.js';
import { coreDiameter, madeCores, tmaSlide } from '../support/tma-slide.js';

const cores = madeCores();
/**
 * The patient of each core on two slides. P00 has a core on both slides. The last core of the second slide has no
 * patient.
 */
const patientOf = (slide: number, core: number): string =>
  core === 0 ? 'P00' : slide === 1 && core === 11 ? '' : `P${slide}${`${core}`.padStart(2, '0')}`;

describe('a run over whole TMA slides and a measurement export of QuPath', () => {
  let folder: string;
  let run: string;
  let ended: CliResult;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'haf-dearray-'));
    const data = join(folder, 'data');
    mkdirSync(join(data, 'tma'), { recursive: true });
    const rows = [0, 1].flatMap((slide) =>
      cores.map(({ name, x, y }, core) =>
        [`tma${slide}.tif`, name, 'False', patientOf(slide, core), x * 0.5, y * 0.5].join('\t'),
      ),
    );
    for (const slide of [0, 1]) writeFileSync(join(data, `tma/tma${slide}.tif`), tmaSlide(cores, 0.5));
    writeFileSync(
      join(data, 'cores.txt'),
      ['Image\tName\tMissing\tCase ID\tCentroid X µm\tCentroid Y µm', ...rows].join('\n'),
    );
    const patients = [
      ...new Set([0, 1].flatMap((slide) => cores.map((_, core) => patientOf(slide, core)))),
    ].filter((id) => id !== '');
    const table = patients.map((id, i) => `${id},${i % 2 === 0 ? 'yes' : 'no'},${40 + ((i * 7) % 31)}`);
    writeFileSync(join(data, 'clini.csv'), ['patient_id,event,age', ...table].join('\n'));
    const experiment: Changes = {
      ...{ name: 'dearray', modalities: ['TMA', 'Clin'], methods: ['haf'] },
      ...{ cv: { folds: 2 }, train: { epochs: 1, lr: 1e-3, batch: 16 } },
      core: { size: 64, step: 64 },
      embed: { encoder: { standIn: true, force: true } },
      data: {
        ...{ layout: 'own', root: 'data' },
        outcome: {
          file: 'clini.csv',
          event: { column: 'event', positive: ['yes'], negative: ['no'] },
        },
        modalities: {
          TMA: {
            ...{ kind: 'bag', images: 'tma/*.tif', width: 16 },
            cores: { table: 'cores.txt', diameterMm: (coreDiameter * 0.5) / 1000 },
          },
          Clin: { kind: 'table', file: 'clini.csv', columns: { age: 'numeric' }, others: 'ignore' },
        },
      },
    };
    writeFileSync(join(folder, 'experiment.yaml'), stringify(experiment));
    ended = await cli(['up', '-c', 'experiment.yaml', '--no-broker'], folder);
    run = runFolder(folder);
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const rowsOf = (path: string): Record<string, string>[] => parse(readFileSync(path), { columns: true });

  it('makes one bag of the cores of a patient, wherever they lie', () => {
    expect(ended.code, ended.stderr).toBe(0);
    const rows = rowsOf(join(run, 'tiles.csv'));
    expect(rows).toHaveLength(23);
    const first = rows.filter(({ patient }) => patient === 'P00');
    expect(first.map(({ id, file, left, top, tiles }) => [id, file, left, top, tiles])).toEqual([
      ['tma0-A-1', 'tma/tma0.tif', '32', '32', '9'],
      ['tma1-A-1', 'tma/tma1.tif', '32', '32', '9'],
    ]);
    const problems = readFileSync(join(run, 'problems.csv'), 'utf8');
    expect(problems).toMatch(/1 core left out, because no patient is given: C-4 in line 25/);
    expect(problems).toMatch(/23 cores of 22 patients on 2 slides; 1 patient with several cores/);
  });

  it('writes the tiles for QuPath where they lie on the slide', () => {
    const rows = rowsOf(join(run, 'tiles.csv'));
    const heatmaps = join(run, 'heatmaps/TMA');
    const folders = readdirSync(heatmaps).filter((name) => !name.includes('.'));
    expect(folders.length).toBeGreaterThan(10);
    for (const patient of folders)
      for (const file of readdirSync(join(heatmaps, patient))) {
        const row = rows.find(({ id }) => `${id ?? ''}.geojson` === file);
        const [left, top] = [Number(row?.['left']), Number(row?.['top'])];
        const { features } = JSON.parse(readFileSync(join(heatmaps, patient, file), 'utf8')) as {
          features: { geometry: { coordinates: number[][][] } }[];
        };
        const corners = features.map(({ geometry }) => geometry.coordinates[0]?.[0]);
        expect(corners, file).toHaveLength(9);
        expect(corners[0], file).toEqual([left, top]);
        expect(corners[8], file).toEqual([left + 128, top + 128]);
      }
  });

  it('the viewer of the page shows the core alone', async () => {
    const shown = patientSlides(run, join(folder, 'data'), 'P00', () => 0);
    const shelf = new SlideCache();
    try {
      const [one] = (shown?.slides ?? []).map(({ file }) => file as CachedSlide);
      expect(await shelf.size(one as CachedSlide)).toEqual({ width: 192, height: 192 });
    } finally {
      await shelf.close();
    }
  });
});
