import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { findOpenSlide } from '../../src/backends/openslide.js';
import type { GridReader } from '../../src/operators/slides/grid-reader.js';
import { openWithOpenSlide } from '../../src/operators/slides/open-with-openslide.js';
import { probeSlide } from '../../src/operators/slides/probe-slide.js';
import type { SlideReader } from '../../src/operators/slides/slide-reader.js';
import { storedTiles } from '../../src/operators/features/reading-thread.js';
import { defaultLimits } from '../../src/operators/features/reading-limits.js';
import { readGivenTiles } from '../../src/operators/tiling/given-coords.js';
import { readTiles } from '../../src/operators/tiling/read-tiles.js';
import { tile } from '../../src/operators/tiling/tile.js';
import { tileSetFile, tileSetSchema } from '../../src/operators/tiling/tiles-data.js';
import { unitSchema } from '../../src/pipeline/stage.js';
import { cli } from '../support/cli.js';
import { openSlideHere, type OpenSlideHere } from '../support/openslide-here.js';
import { byPython } from '../support/openslide-pixels.js';
import { dicomImage, type MadeDicom } from '../support/dicom-slide.js';
import { greatestDifference, writePainted } from '../support/painted-slide.js';
import { leicaScn, philipsTiff, scnOrigin } from '../support/scanner-tiffs.js';
import { runStage } from '../support/run-stage.js';
import { madeFile } from '../support/tiff-file.js';

let here: OpenSlideHere | null = null;
beforeAll(async () => {
  here = await openSlideHere();
}, 300_000);
afterAll(() => here?.remove());

async function opened(path: string): Promise<SlideReader> {
  const reader = await openWithOpenSlide(path);
  onTestFinished(() => reader.close());
  return reader;
}

/** Corners of tiles on both levels. Some tiles extend beyond the edges. */
const corners = [
  [0, 0],
  [64, 64],
  [37, 101],
  [256, 200],
  [460, 330],
] as const;

async function expectSamePixels(path: string): Promise<void> {
  const reader = await opened(path);
  const { levels, origin = { x: 0, y: 0 } } = reader.info;
  for (const [level, { downsample, width, height }] of levels.entries()) {
    const inside = corners.filter(([x, y]) => x + 64 <= width && y + 64 <= height);
    const places = inside.map(([x, y]) => [x * downsample + origin.x, y * downsample + origin.y, level, 64]);
    const expected = byPython(here as OpenSlideHere, path, places);
    for (const [i, [x, y]] of inside.entries()) {
      const found = await reader.read(level, { x, y, width: 64, height: 64 });
      expect(greatestDifference(found, expected[i] as Uint8Array)).toBe(0);
      // The picture of waves has many values, so a black or constant tile would show that nothing was read.
      expect(new Set(found).size).toBeGreaterThan(20);
    }
    expect(inside.length).toBeGreaterThan(0);
  }
}

describe('slides that OpenSlide reads', () => {
  it('a Philips TIFF: the same pixels as Python, mpp with its source', async ({ skip }) => {
    if (here === null) return skip('PyPI is out of reach');
    const path = madeFile('p.tiff', philipsTiff());
    const probe = await probeSlide(path);
    expect(probe).toMatchObject({
      readable: true,
      info: {
        ...{ vendor: 'philips', route: 'openslide', warnings: [] },
        mpp: { x: 0.25, y: 0.25, source: 'openslide.mpp-x' },
        levels: [
          { width: 640, height: 512, downsample: 1 },
          { width: 320, height: 256, downsample: 2 },
        ],
      },
    });
    await expectSamePixels(path);
  });

  it('pixels that are not square are warned of, or refused', async ({ skip }) => {
    if (here === null) return skip('PyPI is out of reach');
    const warningsOf = async (spacing: readonly [number, number]) =>
      (await opened(madeFile('p.tiff', philipsTiff(spacing)))).info.warnings;
    expect(await warningsOf([0.00025, 0.00026])).toMatchObject([
      { severity: 'warning', reason: 'its pixels are not quite square: 0.26 x 0.25 um (openslide.mpp-x)' },
    ]);
    expect(await warningsOf([0.00025, 0.0003])).toMatchObject([
      { severity: 'failure', reason: 'its pixels are not square: 0.3 x 0.25 um (openslide.mpp-x)' },
    ]);
  });

  it('a Leica SCN: only what was scanned, and the macro is no level', async ({ skip }) => {
    if (here === null) return skip('PyPI is out of reach');
    const path = madeFile('l.scn', leicaScn());
    const { info } = await opened(path);
    expect(info.origin).toEqual(scnOrigin);
    expect(info.levels.map(({ width, height }) => [width, height])).toEqual([
      [512, 384],
      [128, 96],
    ]);
    expect(info.notes).toEqual([
      expect.stringContaining('512 x 384 of 1024 x 768 pixels, from x 192, y 128'),
    ]);
    await expectSamePixels(path);
  });

  it('coordinates for other tools count from the canvas, and are taken back', async ({ skip }) => {
    if (here === null) return skip('PyPI is out of reach');
    const folder = join(madeFile('l.scn', leicaScn()), '..');
    const options = ['--set', 'tissue.preset=bypass', '--set', 'tile.size=64', '--set', 'tile.step=64'];
    expect((await cli(['tile', 'l.scn', '-o', 'tiles', ...options], folder)).code).toBe(0);
    const stored = await storedTiles(
      { path: join(folder, 'tiles/patches/l.h5'), name: 'l.h5' },
      defaultLimits,
    );
    expect([stored.values[0], stored.values[1]].map(Number)).toEqual([scnOrigin.x, scnOrigin.y]);
    const { info } = await opened(join(folder, 'l.scn'));
    const given = await readGivenTiles(join(folder, 'tiles/patches/l.h5'), info.levels, null, info.origin);
    expect([...given.coords.subarray(0, 2)]).toEqual([0, 0]);
    expect(given.coords).toHaveLength(2 * 8 * 6);
  }, 60_000);

  it('DICOM: the files of a series are one slide, with the same pixels as Python; an overview is no level', async ({
    skip,
  }) => {
    if (here === null) return skip('PyPI is out of reach');
    const image = { width: 640, height: 512, series: '1.2.5', instance: '1.2.5.1' };
    const path = madeFile('a.dcm', dicomImage(image));
    const folder = join(path, '..');
    const put = (name: string, made: Partial<MadeDicom>): void =>
      writeFileSync(join(folder, name), dicomImage({ ...image, ...made }));
    put('b.dcm', { width: 320, height: 256, instance: '1.2.5.2', spacing: 0.0005, at: 1000 });
    put('c.dcm', {
      width: 900,
      height: 900,
      instance: '1.2.5.3',
      spacing: 0.001,
      flavor: 'OVERVIEW',
      at: 5000,
    });
    put('other.dcm', { series: '1.2.6', instance: '1.2.6.1' });
    expect((await opened(path)).info).toMatchObject({
      vendor: 'dicom',
      mpp: { x: 0.25, y: 0.25 },
      levels: [
        { width: 640, height: 512 },
        { width: 320, height: 256 },
      ],
    });
    await expectSamePixels(path);
    const options = ['--set', 'tissue.preset=bypass', '--set', 'tile.size=64', '--set', 'tile.step=64'];
    const run = async (): Promise<readonly string[]> => {
      const { code, stderr } = await cli(['tile', '.', '-o', 'tiles', ...options], folder);
      expect([code, stderr]).toEqual([0, expect.not.stringContaining('HAF_') as string]);
      return readFileSync(join(folder, 'tiles/tiles.csv'), 'utf8').trim().split('\n').slice(1);
    };
    expect((await run()).map((row) => row.includes('a.dcm') || row.includes('other.dcm'))).toEqual([
      true,
      true,
    ]);
  }, 120_000);

  it('DICOM tiled as one rectangle (tiling: grid): each file of the series is a part, and no image of its own', async ({
    skip,
  }) => {
    if (here === null) return skip('PyPI is out of reach');
    const image = { width: 640, height: 512, series: '1.2.5' };
    const path = madeFile('a.dcm', dicomImage({ ...image, instance: '1.2.5.1' }));
    const other = join(path, '..', 'b.dcm');
    const small = { width: 320, height: 256, instance: '1.2.5.2', spacing: 0.0005, at: 1000 };
    writeFileSync(other, dicomImage({ ...image, ...small }));
    const sources = [
      { role: 'slide', name: 'a.dcm', path, sha256: '' },
      { role: 'part', name: 'b.dcm', path: other, sha256: '' },
    ];
    const unit = {
      ...{ modality: 'WSI', tiling: 'grid', file: 'a.dcm', patient: '007' },
      reader: 'openslide',
    };
    const { output } = await runStage(tile, { config: {}, unit: unitSchema.parse(unit), sources });
    expect(tileSetSchema.parse(output.files[tileSetFile]).images).toMatchObject([
      { id: 'a', outcome: 'ok', rows: 4, image: { vendor: 'dicom', width: 640, height: 512 } },
    ]);
  });

  it('an SVS: the same pixels as the reader of the pipeline', async ({ skip }) => {
    if (here === null) return skip('PyPI is out of reach');
    const path = await writePainted('a.svs', { width: 1500, height: 1200 });
    await expectSamePixels(path);
    const reader = await opened(path);
    const coords = Int32Array.from([10, 20, 900, 800, 1400, 1100]);
    const geometry = { sizePx: 256, level: 0, readPx: 256, level0Px: 256, stepLevel0Px: 256, mpp: 0.25 };
    const places = [...Array(3).keys()].map((i) => [coords[2 * i] ?? 0, coords[2 * i + 1] ?? 0, 0, 256]);
    const expected = byPython(here, path, places);
    let tiles = 0;
    for await (const batch of readTiles(reader, coords, geometry))
      for (const [i, row] of batch.rows.entries()) {
        expect(greatestDifference(batch.tiles[i] as Uint8Array, expected[row] as Uint8Array)).toBe(0);
        tiles++;
      }
    expect(tiles).toBe(3);
  });

  it('a slide that OpenSlide refuses, and one that is gone, are HAF_SLIDE_UNREADABLE', async ({ skip }) => {
    if (here === null) return skip('PyPI is out of reach');
    const cut = philipsTiff();
    await expect(openWithOpenSlide(madeFile('cut.tiff', cut.subarray(0, 3000)))).rejects.toMatchObject({
      code: 'HAF_SLIDE_UNREADABLE',
      what: expect.stringContaining('OpenSlide cannot open it') as string,
    });
    await expect(openWithOpenSlide('/nowhere/a.ndpi')).rejects.toMatchObject({
      code: 'HAF_SLIDE_UNREADABLE',
    });
  });
});

describe('tiles of slides that OpenSlide reads', () => {
  /** Compares all tiles of a grid over a level and beyond its edges with those of OpenSlide for Python. */
  async function expectSameTiles(
    path: string,
    index: number,
    [sizePx, stepPx]: readonly [number, number],
    by: 'regions' | 'cells',
  ) {
    const reader = (await opened(path)) as GridReader;
    const cells = vi.spyOn(reader, 'cells');
    const { levels, origin = { x: 0, y: 0 } } = reader.info;
    const { width, height, downsample } = levels[index] as (typeof levels)[number];
    const coords: number[] = [];
    for (let y = 5 - stepPx; y < height; y += stepPx)
      for (let x = 3 - stepPx; x < width; x += stepPx) coords.push(x * downsample, y * downsample);
    const side = { sizePx, readPx: sizePx, level0Px: sizePx * downsample };
    const geometry = { ...side, level: index, stepLevel0Px: stepPx * downsample, mpp: 0.25 };
    const places = Array.from({ length: coords.length / 2 }, (_, i) => [
      (coords[2 * i] ?? 0) + origin.x,
      (coords[2 * i + 1] ?? 0) + origin.y,
      ...[index, sizePx],
    ]);
    const expected = byPython(here as OpenSlideHere, path, places);
    const seen = new Set<number>();
    for await (const batch of readTiles(reader, Int32Array.from(coords), geometry))
      for (const [i, row] of batch.rows.entries()) {
        expect(greatestDifference(batch.tiles[i] as Uint8Array, expected[row] as Uint8Array)).toBe(0);
        seen.add(row);
      }
    expect(seen.size).toBe(coords.length / 2);
    expect(cells.mock.calls.length > 0).toBe(by === 'cells');
  }

  it.each([
    ['side by side, read as regions', [64, 64], 'regions'],
    ['with gaps between them, read as regions', [64, 72], 'regions'],
    ['of odd pixels, read as regions', [63, 63], 'regions'],
    ['that overlap, cut from stored tiles', [64, 16], 'cells'],
  ] as const)('%s: the same pixels as Python', async (_, step, by) => {
    if (here === null) return;
    const philips = madeFile('p.tiff', philipsTiff());
    for (const level of [0, 1]) await expectSameTiles(philips, level, step, by);
    await expectSameTiles(madeFile('l.scn', leicaScn()), 0, step, by);
  });

  it('come from stored tiles where regions begin between two pixels of a level', async ({ skip }) => {
    if (here === null) return skip('PyPI is out of reach');
    const reader = (await opened(await writePainted('a.svs', { width: 1501, height: 1203 }))) as GridReader;
    expect(reader.info.levels[1]?.downsample).not.toBe(2);
    expect(reader.regions(0)).not.toBeNull();
    expect(reader.regions(1)).toBeNull();
  });

  it('that cannot be written to TMPDIR are a fault of the machine, and nothing stays there', ({ skip }) => {
    if (here === null || process.platform !== 'linux') return skip('needs OpenSlide and ulimit');
    const path = madeFile('p.tiff', philipsTiff());
    const folder = join(path, '..', 'tmp');
    mkdirSync(folder);
    const open = new URL('../../dist/src/operators/slides/open-with-openslide.js', import.meta.url);
    const script = `
      import { readdirSync } from 'node:fs';
      import { openWithOpenSlide } from '${open.href}';
      const reader = await openWithOpenSlide(${JSON.stringify(path)});
      const found = await reader.read(0, { x: 0, y: 0, width: 64, height: 64 });
      const { code } = await reader.read(0, { x: 0, y: 0, width: 640, height: 512 }).catch((error) => error);
      console.log(JSON.stringify({ length: found.length, code, left: readdirSync(${JSON.stringify(folder)}) }));
      await reader.close();`;
    const command = 'ulimit -f 100 && exec "$0" --input-type=module -e "$1"';
    const { stdout, stderr } = spawnSync('bash', ['-c', command, process.execPath, script], {
      ...{ encoding: 'utf8', env: { ...process.env, TMPDIR: folder } },
    });
    const found = { length: 64 * 64 * 3, code: 'HAF_MACHINE_LIMIT', left: [] };
    expect(JSON.parse(stdout === '' ? JSON.stringify(stderr) : stdout)).toEqual(found);
  });
});

describe('a process of OpenSlide that ends or hangs', () => {
  /** Builds a fake libopenslide. The C code `body` does what the real library does with a damaged slide. */
  async function withLibrary(body: string): Promise<string> {
    const folder = join((here as OpenSlideHere).folder, '..', `fake-${body.length}`);
    mkdirSync(folder, { recursive: true });
    const source = join(folder, 'fake.c');
    writeFileSync(
      source,
      `#include <stdlib.h>
       #include <unistd.h>
       #include <stdint.h>
       #include <stdio.h>
       #include <fcntl.h>
       const char *openslide_get_version(void) { return "4.9.0"; }
       void *openslide_open(const char *path) { return malloc(1); }
       void openslide_close(void *s) {}
       const char *openslide_get_error(void *s) { return 0; }
       int32_t openslide_get_level_count(void *s) { return 1; }
       void openslide_get_level_dimensions(void *s, int32_t l, int64_t *w, int64_t *h) { *w = 256; *h = 256; }
       double openslide_get_level_downsample(void *s, int32_t l) { return 1; }
       static const char *names[] = { 0 };
       const char **openslide_get_property_names(void *s) { return names; }
       const char *openslide_get_property_value(void *s, const char *n) { return 0; }
       void openslide_read_region(void *s, uint32_t *d, int64_t x, int64_t y, int32_t l, int64_t w, int64_t h) { ${body} }`,
    );
    const { execFileSync } = await import('node:child_process');
    const library = join(folder, 'libfake.so');
    execFileSync('cc', ['-shared', '-fPIC', '-o', library, source]);
    return library;
  }

  /** From now on to the end of the test, slides are read by this library. */
  async function useLibrary(body: string, seconds: string): Promise<void> {
    const library = await withLibrary(body);
    const description = { v: 1, version: '4.9.0', library: 'libfake.so', from: 'a test' };
    const { platform, arch } = process;
    writeFileSync(join(library, '..', 'openslide.json'), JSON.stringify({ ...description, platform, arch }));
    process.env['HAF_OPENSLIDE_DIR'] = join(library, '..');
    process.env['HAF_OPENSLIDE_SECONDS'] = seconds;
    onTestFinished(() => {
      process.env['HAF_OPENSLIDE_DIR'] = (here as OpenSlideHere).folder;
      delete process.env['HAF_OPENSLIDE_SECONDS'];
    });
  }

  it.each([
    ['crashes', 'abort();', /the process of OpenSlide ended \(SIGABRT\)/],
    ['hangs', 'for (;;) pause();', /has not answered within 5 seconds \(read\)/],
  ])('a library that %s costs the slide', async (_, body, reason) => {
    if (here === null || process.platform !== 'linux') return;
    await useLibrary(body, '5');
    const reader = await opened(madeFile('x.ndpi', Buffer.from('x')));
    const region = { x: 0, y: 0, width: 64, height: 64 };
    const failure = { code: 'HAF_SLIDE_UNREADABLE', what: expect.stringMatching(reason) as string };
    await expect(reader.read(0, region)).rejects.toMatchObject(failure);
    // After the failure, further reads fail at once.
    await expect(reader.read(0, region)).rejects.toMatchObject(failure);
  });

  it.each([
    ['the runner is killed', 'process.kill(process.pid, "SIGKILL")'],
    ['the thread that reads the slide ends', 'await worker.terminate()'],
  ])('a library that hangs ends when %s', async (_, end) => {
    if (here === null || process.platform !== 'linux') return;
    const note = join(here.folder, '..', `hangs-${end.length}`);
    await useLibrary(
      `int f = creat("${note}", 0600); dprintf(f, "%d\\n", getpid()); for (;;) pause();`,
      '600',
    );
    const built = join(import.meta.dirname, '../../dist/src/operators/slides/open-slide.js');
    const reading = `import(${JSON.stringify(built)}).then(async ({ openSlide }) => {
      const reader = await openSlide(${JSON.stringify(madeFile('hangs.ndpi', Buffer.from('x')))}, 'openslide');
      await reader.read(0, { x: 0, y: 0, width: 64, height: 64 });
    })`;
    const script = `
      import { existsSync, readFileSync } from 'node:fs';
      import { setTimeout } from 'node:timers/promises';
      import { Worker } from 'node:worker_threads';
      const worker = new Worker(${JSON.stringify(reading)}, { eval: true });
      const note = ${JSON.stringify(note)};
      while (!existsSync(note) || !readFileSync(note, 'utf8').endsWith('\\n')) await setTimeout(20);
      ${end};
      await setTimeout(60_000);`;
    const runner = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
    onTestFinished(() => void runner.kill('SIGKILL'));
    await vi.waitFor(() => expect(existsSync(note) && readFileSync(note, 'utf8')).toMatch(/\n$/), 20_000);
    const status = `/proc/${Number(readFileSync(note, 'utf8'))}/status`;
    // After its end, the process of the library may stay as a zombie (Z): the thread that started it has ended, so the
    // exit code is never read.
    const isOver = (): boolean => !existsSync(status) || /^State:\s+Z/m.test(readFileSync(status, 'utf8'));
    await vi.waitFor(() => expect(isOver()).toBe(true), 10_000);
  });

  it('a thread that an encoder blocks for longer than the timeout reads the answer that waits', async () => {
    if (here === null || process.platform !== 'linux') return;
    await useLibrary('usleep(300000);', '1');
    const reader = await opened(madeFile('slow.ndpi', Buffer.from('x')));
    const reading = reader.read(0, { x: 0, y: 0, width: 64, height: 64 });
    await new Promise((resolve) => setImmediate(resolve));
    for (const end = Date.now() + 1500; Date.now() < end;);
    expect((await reading).length).toBe(64 * 64 * 3);
    await reader.close();
  });

  it('a library older than 4.0 is refused, and the one that is installed stays', async ({ skip }) => {
    if (here === null) return skip('PyPI is out of reach');
    const library = await withLibrary('/* old */');
    const source = join(library, '..', 'fake.c');
    writeFileSync(source, readFileSync(source, 'utf8').replace('4.9.0', '3.4.1'));
    const { execFileSync } = await import('node:child_process');
    execFileSync('cc', ['-shared', '-fPIC', '-o', library, source]);
    const { code, stderr } = await cli(['slides', 'install', '--from', library], here.folder);
    expect(code).toBe(69);
    expect(stderr).toMatch(/HAF_OPENSLIDE_UNAVAILABLE.*is OpenSlide 3\.4\.1; 4\.0 or newer is needed/);
    expect(findOpenSlide(here.folder).installed).toMatchObject({ version: '4.0.1' });
  });
});

describe('runs', () => {
  it('tiles a Philips slide with the features of the stand-in encoder, in the process of OpenSlide', async ({
    skip,
  }) => {
    if (here === null) return skip('PyPI is out of reach');
    const path = madeFile('p1.tiff', philipsTiff());
    const folder = join(path, '..');
    const options = ['--set', 'tissue.preset=bypass', '--set', 'tile.size=64', '--set', 'tile.step=64'];
    const tiled = await cli(['tile', 'p1.tiff', '-o', 'tiles', ...options], folder);
    expect(tiled.stderr).not.toContain('HAF_');
    expect(tiled.code).toBe(0);
    const [header = '', row = ''] = readFileSync(join(folder, 'tiles', 'tiles.csv'), 'utf8')
      .trim()
      .split('\n');
    const cells = Object.fromEntries(header.split(',').map((name, i) => [name, row.split(',')[i]]));
    expect(cells).toMatchObject({ outcome: 'ok', mpp: '0.25' });
    const embedded = await cli(
      [
        'embed',
        'p1.tiff',
        '-o',
        'features',
        ...options,
        '--set',
        'embed.encoder.standIn=true',
        '--set',
        'embed.encoder.force=true',
      ],
      folder,
    );
    expect(embedded.stderr).not.toContain('HAF_');
    expect(embedded.code).toBe(0);
  }, 120_000);
});
