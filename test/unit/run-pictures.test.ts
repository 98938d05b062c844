import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TiledImage } from '../../src/operators/tiling/tiles-data.js';
import { runFactsPlace } from '../../src/operators/report/report-data.js';
import { inventedText } from '../../src/pipeline/runs/invented.js';
import { materialise } from '../../src/pipeline/runs/materialise.js';
import { RunDirectory } from '../../src/pipeline/runs/run-directory.js';
import { writeTileTable } from '../../src/pipeline/runs/tile-table.js';
import type { StageName, Unit } from '../../src/pipeline/stage.js';
import { FileStore } from '../../src/pipeline/store/file-store.js';
import type { Manifest } from '../../src/pipeline/store/store.js';
import { csvRows, tiledImage } from '../support/heatmap-case.js';
import { bytesOf, testManifest } from '../support/manifests.js';
import { resolvedConfig } from '../support/resolved-config.js';

const scratch = () => {
  const store = new FileStore(mkdtempSync(join(tmpdir(), 'haf-pictures-')));
  const directory = new RunDirectory(mkdtempSync(join(tmpdir(), 'haf-runs-')), 'run');
  const made = async (stage: StageName, unit: Unit, files: Readonly<Record<string, string | object>>) => {
    const stored = await Promise.all(
      Object.entries(files).map(([name, content]) =>
        store.write(name, bytesOf(typeof content === 'string' ? content : JSON.stringify(content))),
      ),
    );
    return { ...testManifest(stored, 1, JSON.stringify([stage, unit])), stage, unit };
  };
  const shown = (file: string): string => readFileSync(join(directory.path, file), 'utf8');
  const listed = (): string[] =>
    readdirSync(directory.path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(directory.path.length + 1))
      .sort();
  return { store, directory, made, shown, listed };
};

const slideTile = {
  ...{ 'sheet.jpg': 'sheet', 'coords.i32': 'raw', 'thumbnail-0.jpg': 'thumbnail' },
  ...{ 'overlay-0.jpg': 'overlay', 'mask-0.png': 'mask', 'contours-0.geojson': '{}', 'coords.h5': 'h5' },
};
const failed: TiledImage = {
  ...tiledImage({
    id: 'LymphNode_HE_002',
    file: 'wsi/LymphNode_HE_002.svs',
    patient: '002',
    source: 'lymph',
  }),
  ...{
    outcome: 'failed',
    reason: 'It is torn, "halfway"',
    image: null,
    segmentation: null,
    tile: null,
    rows: 0,
  },
};

describe('the run directory', () => {
  it('holds the pictures and coordinates of slides, and one picture of the cores of a patient', async () => {
    const { store, directory, made, shown, listed } = scratch();
    const slide = {
      modality: 'WSI',
      file: 'wsi/PrimaryTumor_HE_001.svs',
      patient: '001',
      tiling: 'tissue',
    } as const;
    await materialise(
      await made('tile', slide, { 'tiles.json': { images: [tiledImage()] }, ...slideTile }),
      ...([store, directory] as const),
    );
    await materialise(
      await made(
        'tile',
        { modality: 'TMA', patient: '001', tiling: 'grid' },
        {
          'tiles.json': { images: [tiledImage({ id: 'a' }), tiledImage({ id: 'b' })] },
          'sheet.jpg': 'cores',
        },
      ),
      ...([store, directory] as const),
    );
    // Each image is tiled whole, by a job of its own. So two images of one patient give two pictures.
    for (const id of ['scan-1', 'scan-2']) {
      const unit = { modality: 'MRI', file: `mri/${id}.png`, patient: '001', tiling: 'grid' } as const;
      const set = { 'tiles.json': { images: [tiledImage({ id })] }, 'sheet.jpg': id };
      await materialise(await made('tile', unit, set), store, directory);
    }
    expect(listed()).toEqual([
      'tiles/contours/PrimaryTumor_HE_001.geojson',
      'tiles/cores/patient-001.jpg',
      'tiles/cores/scan-1.jpg',
      'tiles/cores/scan-2.jpg',
      'tiles/masks/PrimaryTumor_HE_001.png',
      'tiles/overlays/PrimaryTumor_HE_001.jpg',
      'tiles/patches/PrimaryTumor_HE_001.h5',
    ]);
    expect(shown('tiles/overlays/PrimaryTumor_HE_001.jpg')).toBe('overlay');
    expect(shown('tiles/cores/patient-001.jpg')).toBe('cores');
  });

  it('has nothing to show of a slide that could not be opened', async () => {
    const { store, directory, made } = scratch();
    const unit = { modality: 'WSI', file: failed.file } as const;
    await materialise(await made('tile', unit, { 'tiles.json': { images: [failed] } }), store, directory);
    expect(existsSync(directory.path)).toBe(false);
  });

  it('holds the report with its run, date and version, and says where patients are invented', async () => {
    const { store, directory, made, shown } = scratch();
    const stored = { 'report.html': `<h1>${runFactsPlace.markup}</h1>`, 'characteristics.csv': 'a,b' };
    const manifest = await made('report', {}, stored);
    directory.writeInfo({
      ...{ state: 'running', config: resolvedConfig({ name: 'x' }), dataRoot: '/data' },
      ...{ codeVersion: '9.8.7', host: 'h', node: 'v' },
    });
    await materialise(manifest, store, directory);
    const { createdAt } = directory.info();
    expect(shown('report.html')).toContain(`started ${createdAt.slice(0, 10)}`);
    expect(shown('report.html')).toContain(directory.run);
    expect(shown('report.html')).toMatch(/haf-pipeline\s+9\.8\.7/);
    expect(shown('report.html')).not.toContain('Invented');
    expect(shown('characteristics.csv')).toBe('a,b');
    await materialise(manifest, store, directory, true);
    expect(shown('report.html')).toContain('Invented patients.');
  });

  it('says in the tables for people that patients are invented, not in those for programs', async () => {
    const { store, directory, made, shown } = scratch();
    const files = { 'summary.md': 'table', 'summary.tex': 'table', 'summary.csv': 'table' };
    await materialise(await made('aggregate', {}, files), store, directory, true);
    expect(shown('summary.md')).toBe(`${inventedText}\n\ntable`);
    expect(shown('summary.tex')).toBe(`% ${inventedText}\ntable`);
    expect(shown('summary.csv')).toBe('table');
  });

  it('holds heatmaps by modality and patient', async () => {
    const { store, directory, made, listed } = scratch();
    const files = {
      'WSI-001.png': 'p',
      'WSI-001.csv': 'c',
      'WSI-002-fold3.csv': 'd',
      'WSI-001/a.geojson': 'g',
    };
    await materialise(await made('heatmap', { fold: 0, modality: 'WSI' }, files), store, directory);
    expect(listed()).toEqual([
      ...['heatmaps/WSI/001.csv', 'heatmaps/WSI/001.png', 'heatmaps/WSI/001/a.geojson'],
      'heatmaps/WSI/002-fold3.csv',
    ]);
  });

  it('a modality with a hyphen in its name has one folder, too', async () => {
    const { store, directory, made, listed } = scratch();
    const files = { 'TMA-HE-001-a.csv': 'c', 'TMA-HE-001-a/x-y.geojson': 'g' };
    await materialise(await made('heatmap', { fold: 0, modality: 'TMA-HE' }, files), store, directory);
    expect(listed()).toEqual(['heatmaps/TMA-HE/001-a.csv', 'heatmaps/TMA-HE/001-a/x-y.geojson']);
  });
});

describe('tiles.csv', () => {
  const table = async (images: readonly TiledImage[], lost: readonly string[] = []) => {
    const { store, directory, made } = scratch();
    const manifests: Manifest[] = [];
    for (const image of images)
      manifests.push(
        await made('tile', { modality: 'WSI', file: image.file }, { 'tiles.json': { images: [image] } }),
      );
    const problems = lost.map((file) => ({
      ...{ severity: 'failure' as const, stage: 'tile', patient: null, file, place: null },
      ...{ reason: 'It is gone.', fix: 'Bring it back.' },
    }));
    await writeTileTable(manifests, problems, store, directory);
    const path = join(directory.path, 'tiles.csv');
    return existsSync(path) ? readFileSync(path) : null;
  };

  it('has a line per image, also for those without tiles', async () => {
    const bytes = await table([tiledImage(), failed], ['wsi/gone.svs']);
    const rows = csvRows(bytes ?? undefined);
    expect(rows[0]).toEqual({
      ...{
        id: 'PrimaryTumor_HE_001',
        file: 'wsi/PrimaryTumor_HE_001.svs',
        patient: '001',
        source: 'primary',
        ...{ scene: '', left: '', top: '' },
      },
      ...{ outcome: 'ok', reason: '', vendor: 'aperio', route: 'strips', width: '1600', height: '800' },
      ...{ mpp: '0.25', mppSource: 'Aperio MPP', magnification: '40', preset: 'default' },
      ...{ thresholds: 'sthresh=8 useOtsu=false close=4', contours: '3', holes: '1', tissueShare: '0.4321' },
      ...{ tilePx: '256', level: '0', readPx: '256', tileMpp: '0.25', tiles: '3' },
    });
    const text = new TextDecoder().decode(bytes ?? undefined);
    expect(text).toContain(
      'LymphNode_HE_002,wsi/LymphNode_HE_002.svs,002,lymph,failed,"It is torn, ""halfway""",,',
    );
    expect(rows[2]).toMatchObject({ id: 'gone', file: 'wsi/gone.svs', outcome: 'failed', tiles: '0' });
  });

  it('is not there when no image was tiled', async () => {
    expect(await table([])).toBeNull();
  });
});
