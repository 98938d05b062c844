import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { defaultLimits } from '../../src/operators/features/reading-limits.js';
import { storedTiles } from '../../src/operators/features/reading-thread.js';
import { makeCohort } from '../../src/operators/synthetic/make-cohort.js';
import { writeSlideFile } from '../../src/operators/synthetic/slide-file.js';
import { cli, ended, eventOf, startCli, type CliResult } from '../support/cli.js';
import type { Changes } from '../support/resolved-config.js';
import { predictionsOf, runFolder } from '../support/small-cohort.js';

const width = 16;
const up = ['up', '-c', 'experiment.yaml', '--no-broker'];

/** A folder with a cohort of slides in `data/` and an experiment over it. */
function slideFolder(original: string, changes: Changes = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'haf-slides-'));
  cpSync(original, join(folder, 'data'), { recursive: true });
  const experiment: Changes = {
    name: 'slides',
    modalities: ['WSI', 'Clin'],
    methods: ['haf'],
    cohort: { require: [] },
    cv: { folds: 2 },
    train: { epochs: 2, lr: 1e-3, batch: 16 },
    tissue: { preset: 'bwh_biopsy' },
    tile: { size: 128, step: 128 },
    embed: { encoder: { standIn: true } },
    ...changes,
    data: { root: 'data', modalities: { WSI: { slides: 'slides/*.svs', width } }, ...changes.data },
  };
  writeFileSync(join(folder, 'experiment.yaml'), stringify(experiment));
  return folder;
}

const slidesOf = (folder: string): readonly string[] => readdirSync(join(folder, 'data', 'slides')).sort();
const slide = (folder: string, name: string): string => join(folder, 'data', 'slides', name);
const rowsOf = (path: string): Record<string, string>[] => parse(readFileSync(path), { columns: true });

interface QuPathFile {
  readonly features: readonly {
    readonly geometry: { readonly coordinates: readonly (readonly (readonly number[])[])[] };
    readonly properties: { readonly objectType: string };
  }[];
}
const problemsOf = (run: string): string => readFileSync(join(run, 'problems.csv'), 'utf8');

const paper = ({ width: w, height: h }: { readonly width: number; readonly height: number }): Uint8Array =>
  new Uint8Array(w * h * 3).fill(245);

describe('a run that starts from slides', () => {
  let original: string;
  let folder: string;
  let first: CliResult;
  beforeAll(async () => {
    original = mkdtempSync(join(tmpdir(), 'haf-slide-cohort-'));
    await makeCohort({ out: original, patients: 24, seed: 5, width, slides: true });
    folder = slideFolder(original);
    first = await cli(up, folder);
  }, 300_000);

  it('ends with the table, tiles, heatmaps and slides in the report', () => {
    expect(first.stderr).toContain('report.html');
    expect(first.code).toBe(0);
    const run = runFolder(folder);
    const count = (place: string): number => readdirSync(join(run, place)).length;
    const slides = slidesOf(folder).length;
    expect([count('tiles/patches'), count('tiles/overlays'), count('tiles/contours')]).toEqual([
      slides,
      slides,
      slides,
    ]);
    const patients = new Set(slidesOf(folder).map((name) => /_(\d{3})/.exec(name)?.[1]));
    const pictures = readdirSync(join(run, 'heatmaps', 'WSI'), { recursive: true, encoding: 'utf8' });
    expect(pictures.filter((name) => name.endsWith('.png'))).toHaveLength(patients.size);
    expect(pictures.filter((name) => name.endsWith('.csv'))).toHaveLength(patients.size);
    const report = readFileSync(join(run, 'report.html'), 'utf8');
    expect(report).toContain('Slides');
    expect(report).toContain('stand-in');
  });

  it('has GeoJSON for QuPath: the tiles that were laid, and the tissue that was found', async () => {
    const run = runFolder(folder);
    const tiled = rowsOf(join(run, 'tiles.csv'));
    expect(tiled.map(({ id }) => `${id ?? ''}.svs`).sort()).toEqual(slidesOf(folder));
    const geoJson = (path: string) => JSON.parse(readFileSync(join(run, path), 'utf8')) as QuPathFile;
    for (const { id = '', patient = '' } of tiled) {
      const { features } = geoJson(`heatmaps/WSI/${patient}/${id}.geojson`);
      const ofType = (type: string) => features.filter(({ properties }) => properties.objectType === type);
      const corners = ofType('detection').flatMap(({ geometry }) => geometry.coordinates[0]?.[0] ?? []);
      const stored = await storedTiles(
        { path: join(run, 'tiles/patches', `${id}.h5`), name: id },
        defaultLimits,
      );
      expect(corners.length).toBeGreaterThan(0);
      expect(corners).toEqual(Array.from(stored.values, Number));
      expect(ofType('annotation').map(({ geometry }) => geometry)).toEqual(
        geoJson(`tiles/contours/${id}.geojson`).features.map(({ geometry }) => geometry),
      );
    }
  });

  it('computes nothing twice, and the same with one worker elsewhere', async () => {
    const again = await cli([...up, '--json'], folder);
    expect(again.code).toBe(0);
    expect(again.stdout).not.toContain('"job-started"');
    const other = slideFolder(original);
    expect((await cli([...up, '--workers', '1'], other)).code).toBe(0);
    expect(predictionsOf(other)).toBe(predictionsOf(folder));
  }, 240_000);

  it('goes on without slides that are bad in every way, and names each', async () => {
    const other = slideFolder(original);
    const [truncated = '', corrupt = '', twice = ''] = slidesOf(other);
    truncateSync(slide(other, truncated), Math.floor(statSync(slide(other, truncated)).size / 2));
    const bytes = readFileSync(slide(other, corrupt));
    // Damages bytes in the middle of level 0, whose tiles are stored first.
    bytes.fill(0xff, 60_000, 64_000);
    writeFileSync(slide(other, corrupt), bytes);
    writeFileSync(slide(other, 'PrimaryTumor_HE_801.svs'), 'this is no slide');
    await writeSlideFile(
      {
        path: slide(other, 'PrimaryTumor_HE_802.svs'),
        width: 1024,
        height: 1024,
        mpp: 0.5,
        magnification: 20,
      },
      paper,
    );
    copyFileSync(slide(other, twice), slide(other, twice.replace('.svs', '.SVS')));
    const { code, stderr } = await cli(
      [...up, '--set', 'data.modalities.WSI.slides=slides/*.{svs,SVS}'],
      other,
    );
    expect(code, stderr).toBe(2);
    const run = runFolder(other);
    const problems = problemsOf(run);
    const failures = problems.split('\n').filter((line) => line.startsWith('failure'));
    for (const name of [truncated, corrupt, '801.svs', '802.svs', twice])
      expect(
        failures.some((line) => line.includes(name)),
        `${name} in\n${failures.join('\n')}`,
      ).toBe(true);
    const table = readFileSync(join(run, 'tiles.csv'), 'utf8');
    expect(table).toMatch(/802[^\n]*empty/);
    expect(table).toMatch(/801[^\n]*failed/);
    expect(readFileSync(join(run, 'report.html'), 'utf8')).toContain('PrimaryTumor_HE_802');
  }, 240_000);

  it('goes on without a slide that vanishes while others are tiled', async () => {
    const other = slideFolder(original);
    const last = slidesOf(other).at(-1) ?? '';
    const child = startCli([...up, '--json'], other);
    const result = ended(child);
    await eventOf(child, ({ type }) => type === 'run-started');
    rmSync(slide(other, last));
    const { code, stderr } = await result;
    expect(stderr).toContain('Continuing without');
    expect(code, stderr).toBe(2);
    const runs = readdirSync(join(other, 'runs')).map((name) => join(other, 'runs', name));
    const done = runs.find((run) => readdirSync(run).includes('report.html')) ?? '';
    expect(problemsOf(done)).toContain(last);
  }, 240_000);

  it('refuses the stand-in on a cohort that is not synthetic', async () => {
    const other = slideFolder(original);
    rmSync(join(other, 'data', 'synthetic.json'));
    const { code, stderr } = await cli(up, other);
    expect(code).toBe(69);
    expect(stderr).toContain('HAF_ENCODER_UNFIT');
  });

  it('asks for the size of a pixel where tiles have a physical size, naming both remedies', async () => {
    const other = slideFolder(original, { tile: { size: 128, step: 128, mpp: 1 } });
    const name = slidesOf(other)[0] ?? '';
    await writeSlideFile(
      { path: slide(other, name), width: 1024, height: 1024, mpp: null, magnification: null },
      paper,
    );
    const { code } = await cli(up, other);
    expect(code).toBe(2);
    const line = problemsOf(runFolder(other))
      .split('\n')
      .find((row) => row.includes(name));
    expect(line).toContain('slideTable');
    expect(line).toContain('tile.defaultMpp');
  }, 240_000);
});

describe('the commands tile and embed', () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'haf-commands-'));
    await makeCohort({ out: join(folder, 'data'), patients: 20, seed: 6, width, slides: true });
  }, 120_000);
  const settings = ['--set', 'tissue.preset=bwh_biopsy', '--set', 'tile.size=128', '--set', 'tile.step=128'];
  const encoder = [
    '--set',
    `data.modalities.WSI.width=${width}`,
    '--set',
    'embed.encoder.standIn=true',
    '--set',
    'embed.encoder.force=true',
  ];

  it('write what other tools and the next command read', async () => {
    const [a = '', b = ''] = readdirSync(join(folder, 'data', 'slides')).sort();
    const paths = [a, b].map((name) => join('data', 'slides', name));
    const tiled = await cli(['tile', ...paths, '-o', 'tiles', '--no-broker', ...settings], folder);
    expect(tiled.code, tiled.stderr).toBe(0);
    expect(readdirSync(join(folder, 'tiles', 'patches'))).toEqual(
      [a, b].map((name) => name.replace('.svs', '.h5')),
    );
    const direct = await cli(
      ['embed', ...paths, '-o', 'direct', '--no-broker', ...settings, ...encoder],
      folder,
    );
    expect(direct.code, direct.stderr).toBe(0);
    // With the coordinates that `tile` wrote, `embed` computes the same features as with coordinates that it computes
    // itself.
    const given = ['--coords', 'tiles/patches', '--store', 'other-store'];
    const byCoords = await cli(
      ['embed', ...paths, '-o', 'given', '--no-broker', ...given, ...encoder],
      folder,
    );
    expect(byCoords.code, byCoords.stderr).toBe(0);
    for (const name of readdirSync(join(folder, 'direct')).filter((file) => file.endsWith('.h5')))
      expect(
        readFileSync(join(folder, 'given', name)).equals(readFileSync(join(folder, 'direct', name))),
      ).toBe(true);
    // `embed` can read the files that `embed` wrote.
    const again = await cli(
      ['embed', 'direct', '-o', 'again', '--no-broker', '--set', `data.modalities.WSI.width=${width}`],
      folder,
    );
    expect(again.code, again.stderr).toBe(0);
    expect(
      readFileSync(join(folder, 'again', a.replace('.svs', '.h5'))).equals(
        readFileSync(join(folder, 'direct', a.replace('.svs', '.h5'))),
      ),
    ).toBe(true);
  }, 120_000);

  it('write what they can, name what they cannot, and end with exit code 2', async () => {
    writeFileSync(join(folder, 'bad_1.svs'), 'this is no slide');
    const good = join('data', 'slides', readdirSync(join(folder, 'data', 'slides')).sort()[0] ?? '');
    const { code, stdout, stderr } = await cli(
      ['tile', 'bad_1.svs', good, '-o', 'mixed', '--no-broker', ...settings],
      folder,
    );
    expect(code).toBe(2);
    expect(stdout).toMatch(/bad_1 +failed/);
    expect(stderr).toContain('bad_1.svs');
    expect(readdirSync(join(folder, 'mixed', 'patches'))).toHaveLength(1);
    // The terminal also shows how to fix the problem, not only problems.csv.
    expect(stderr).toMatch(/\n {2}fix: Take it out of the glob/);
    expect((await cli(['failures', 'latest'], folder)).stderr).toContain('fix: Take it out of the glob');
    // An output folder that cannot be written to is refused before any slide is read.
    const nowhere = await cli(['tile', good, '-o', 'bad_1.svs', '--no-broker', ...settings], folder);
    expect([nowhere.code, nowhere.stdout]).toEqual([64, '']);
    expect(nowhere.stderr.match(/HAF_PATH_UNUSABLE bad_1\.svs/g)).toHaveLength(1);
    const lonely = await cli(['embed', good, '-o', 'lonely', '--no-broker'], folder);
    expect(lonely.code).toBe(64);
    expect(lonely.stderr).toContain('embed.encoder.onnx');
  }, 120_000);
});
