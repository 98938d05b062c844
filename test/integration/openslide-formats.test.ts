import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openSlide } from '../../src/operators/slides/open-slide.js';
import { slideReaderOf } from '../../src/operators/slides/reader-of.js';
import type { SlideReader } from '../../src/operators/slides/slide-reader.js';
import { openSlideHere, type OpenSlideHere } from '../support/openslide-here.js';
import { byPython } from '../support/openslide-pixels.js';
import { greatestDifference } from '../support/painted-slide.js';
import { madeFile } from '../support/tiff-file.js';
import { tileSlideFile } from '../support/tile-images.js';

const script = join(import.meta.dirname, '../support/write-slides.py');

let here: OpenSlideHere | null = null;
beforeAll(async () => {
  here = await openSlideHere();
}, 300_000);
afterAll(() => here?.remove());

/** A slide written by another library. Null if that library cannot be downloaded. */
function written(format: string, name: string, ...packages: readonly string[]): string | null {
  if (here === null || !here.fetch(packages)) return null;
  const path = join(madeFile('folder', Buffer.alloc(0)), '..', name);
  here.python(
    'import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name="__main__")',
    [script, format, path],
  );
  return path;
}

async function opened(path: string, scene: number | null = null): Promise<SlideReader> {
  const reader = await openSlide(path, await slideReaderOf(path), scene);
  onTestFinished(() => reader.close());
  return reader;
}

/**
 * The largest difference between our pixels and those of OpenSlide for Python, over tiles of each level that both read.
 */
async function difference(path: string, reader: SlideReader, levels = reader.info.levels.length) {
  let most = 0;
  for (const [level, { width, height, downsample }] of reader.info.levels.slice(0, levels).entries()) {
    const corners = [
      ...[
        [0, 0],
        [37, 101],
        [256, 130],
        [width - 64, height - 64],
      ].filter(([x = 0, y = 0]) => x <= width - 64 && y <= height - 64),
    ];
    const expected = byPython(
      here as OpenSlideHere,
      path,
      corners.map(([x = 0, y = 0]) => [x * downsample, y * downsample, level, 64]),
    );
    for (const [i, [x = 0, y = 0]] of corners.entries()) {
      const found = await reader.read(level, { x, y, width: 64, height: 64 });
      expect(new Set(found).size).toBeGreaterThan(20);
      most = Math.max(most, greatestDifference(found, expected[i] as Uint8Array));
    }
    expect(corners.length).toBeGreaterThan(1);
  }
  return most;
}

describe('slides written by libraries of others, beside OpenSlide for Python', () => {
  it('a BigTIFF of tifffile, by the reader of this pipeline: the same pixels', async ({ skip }) => {
    const path = written('bigtiff', 'b.tif', 'tifffile', 'imagecodecs');
    if (path === null) return skip('PyPI is out of reach');
    const reader = await opened(path);
    expect(reader.info).toMatchObject({
      route: 'strips',
      mpp: { x: 0.25 },
      levels: [{ width: 1024 }, { width: 512 }],
    });
    expect(await difference(path, reader)).toBe(0);
  });

  it('an OME-TIFF of tifffile, JPEG with a SubIFD: the same pixels at level 0, and its second scene', async ({
    skip,
  }) => {
    const path = written('ome', 'o.ome.tif', 'tifffile', 'imagecodecs');
    if (path === null) return skip('PyPI is out of reach');
    const reader = await opened(path);
    expect(reader.info).toMatchObject({
      ...{ vendor: 'ome', route: 'strips', mpp: { x: 0.25 }, levels: [{ width: 1024 }, { width: 512 }] },
      scenes: [{ number: 1 }, { number: 2, name: 'second', width: 400, height: 300 }],
    });
    // OpenSlide does not read the SubIFD of level 1, so only level 0 is compared.
    expect(await difference(path, reader, 1)).toBe(0);
    // The second scene shows a part of the first one. JPEG compression makes small differences.
    const region = { x: 64, y: 64, width: 64, height: 64 };
    const part = await (await opened(path, 2)).read(0, region);
    expect(greatestDifference(part, await reader.read(0, region))).toBeLessThan(8);
  });

  it('DICOM of wsidicomizer: the files of one series are one slide with the same pixels', async ({
    skip,
  }) => {
    const folder = written('dicom', 'd', 'wsidicomizer', 'tifffile', 'imagecodecs');
    if (folder === null) return skip('PyPI is out of reach');
    const path = join(folder, readdirSync(folder).sort()[0] ?? '');
    const reader = await opened(path);
    expect(reader.info).toMatchObject({
      ...{ vendor: 'dicom', route: 'openslide', mpp: { x: 0.25 }, levels: [{ width: 1024 }, { width: 512 }] },
    });
    expect(await difference(path, reader)).toBe(0);
  });

  it('CZI of libCZI: two scenes on one canvas with the same pixels, and tiles of each by tile.scene', async ({
    skip,
  }) => {
    const path = written('czi', 'c.czi', 'pylibCZIrw');
    if (path === null) return skip('PyPI is out of reach');
    const reader = await opened(path);
    expect(reader.info).toMatchObject({
      ...{ vendor: 'zeiss', route: 'openslide', mpp: { x: 0.25 }, levels: [{ width: 1156, height: 384 }] },
      scenes: [
        { number: 1, width: 512, height: 384, at: { x: 0, y: 0 } },
        { number: 2, width: 256, height: 256, at: { x: 900, y: 64 } },
      ],
    });
    const places = [
      [0, 0],
      [448, 320],
      [900, 64],
      [1000, 200],
    ] as const;
    const expected = byPython(
      here as OpenSlideHere,
      path,
      places.map(([x, y]) => [x, y, 0, 64]),
    );
    for (const [i, [x, y]] of places.entries()) {
      const found = await reader.read(0, { x, y, width: 64, height: 64 });
      expect(new Set(found).size).toBeGreaterThan(20);
      expect(greatestDifference(found, expected[i] as Uint8Array)).toBe(0);
    }
    const config = { tissue: { preset: 'bypass' }, tile: { size: 64, step: 64 } } as const;
    const unit = { reader: 'openslide' } as const;
    const second = await tileSlideFile(path, config, undefined, { ...unit, scene: 2 });
    expect(second.images).toMatchObject([{ outcome: 'ok', scene: 2 }]);
    for (const [x, y] of second.coords) {
      expect(x + 32).toBeGreaterThanOrEqual(900);
      expect(y + 32).toBeGreaterThanOrEqual(64);
    }
    const none = await tileSlideFile(path, config, undefined, { ...unit, scene: 3 });
    expect(none.images[0]?.reason).toMatch(/tile\.scene asks for scene 3; it holds 2: 1 \(512 x 384 pixels/);
  });
});
