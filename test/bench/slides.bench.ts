/**
 * Speed and memory of reading tiles from a 40,000 x 30,000 slide of several hundred fragments. Compares them with
 * OpenSlide for Python with two processes in the same run; this part is skipped without OpenSlide. Needs the built code
 * (`npm run build`). The first run makes the slide (a minute or two, 130 MB in the folder for temporary files).
 *
 * Run with: npx vitest run --config test/bench/vitest.config.mjs test/bench/slides.bench.ts
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isOpenSlideInstalled } from '../../src/backends/openslide.js';
import { openSlide } from '../../src/operators/slides/open-slide.js';
import { gridTiles } from '../../src/operators/tiling/grid.js';
import { slideTissue } from '../../src/operators/tiling/slide-tissue.js';
import type { TileGeometry } from '../../src/operators/tiling/tiles-data.js';
import { tissueSettings } from '../../src/operators/tiling/tissue-settings.js';
import { tissueSchema } from '../../src/pipeline/config/image-schema.js';
import { pythonWith } from '../support/python-with.js';
import { benchSlidePath } from '../support/tissue-slide.js';

const geometry: TileGeometry = {
  sizePx: 256,
  level: 0,
  readPx: 256,
  level0Px: 256,
  stepLevel0Px: 256,
  mpp: 0.4992,
};
const openSlidePython = pythonWith('openslide', 'numpy');
const rounds = 3;
/** Timeout in milliseconds. A round takes minutes if other programs use the machine. */
const halfAnHour = 1_800_000;
const here = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), 'haf-bench-'));
const coordsFile = join(folder, 'coords.i32');

let slide: string;
let coords: Int32Array;

interface Measured {
  readonly tiles: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly rssMb?: number;
}

beforeAll(async () => {
  slide = await benchSlidePath();
  const reader = await openSlide(slide);
  const settings = tissueSettings(tissueSchema.parse({ preset: 'bwh_biopsy' }));
  const { outlines } = await slideTissue(reader, settings, {});
  const side = [geometry.sizePx, geometry.sizePx] as const;
  const [size = { width: 0, height: 0 }] = reader.info.levels;
  coords = gridTiles(outlines, { side, step: side, contourTest: 'four_pt', padding: true }, size);
  await reader.close();
  console.log(`${outlines.length} pieces of tissue, ${coords.length / 2} tiles`);
  writeFileSync(coordsFile, new Uint8Array(coords.buffer));
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

function measure(command: string, script: string, jobs: number, at: Partial<TileGeometry> = {}): Measured {
  const args = [join(here, script), slide, coordsFile, `${jobs}`, JSON.stringify({ ...geometry, ...at })];
  const result = JSON.parse(execFileSync(command, args, { encoding: 'utf8' })) as Measured;
  expect(result.tiles).toBe(coords.length / 2);
  return result;
}

const rate = ({ tiles, seconds }: Measured): number => tiles / seconds;
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

function line(name: string, runs: readonly Measured[]): string {
  const rss = Math.max(...runs.map(({ rssMb }) => rssMb ?? NaN));
  return [
    name.padEnd(34),
    `${median(runs.map(rate)).toFixed(0)} tiles/s`.padStart(14),
    `${median(runs.map(({ tiles, cpuSeconds }) => tiles / cpuSeconds)).toFixed(0)} per CPU second`.padStart(
      22,
    ),
    Number.isNaN(rss) ? '' : `${rss.toFixed(0)} MB at most`.padStart(16),
  ].join('');
}

it(
  'tiles of 256 px at level 0',
  () => {
    const ours: Measured[] = [];
    const theirs: Measured[] = [];
    for (let round = 0; round < rounds; round++) {
      ours.push(measure(process.execPath, 'slides-process.mjs', 2));
      if (openSlidePython !== null) theirs.push(measure(openSlidePython, 'slides-openslide.py', 2));
    }
    const alone = measure(process.execPath, 'slides-process.mjs', 1);
    const scaled = measure(process.execPath, 'slides-process.mjs', 2, { sizePx: 224 });
    const ratios = theirs.map((their, i) => rate(ours[i] as Measured) / rate(their));
    const lines = [
      `${coords.length / 2} tiles, median of ${rounds} rounds in turn`,
      line('two jobs in two threads', ours),
      line('one job', [alone]),
      line('two jobs, scaled to 224 px', [scaled]),
      ...(theirs.length === 0
        ? ['Python OpenSlide: not installed']
        : [
            line('Python OpenSlide, two processes', theirs),
            `ratio ${median(ratios).toFixed(2)} (${ratios.map((r) => r.toFixed(2)).join(', ')})`,
          ]),
    ];
    console.log(lines.join('\n'));
  },
  halfAnHour,
);

it.skipIf(openSlidePython === null || !isOpenSlideInstalled())(
  'tiles of 256 px at level 0 by OpenSlide in two processes, beside Python',
  () => {
    const [ours, theirs]: [Measured[], Measured[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      process.env.HAF_BENCH_READER = 'openslide';
      ours.push(measure(process.execPath, 'slides-process.mjs', 2));
      delete process.env.HAF_BENCH_READER;
      theirs.push(measure(openSlidePython as string, 'slides-openslide.py', 2));
    }
    const ratios = theirs.map((their, i) => rate(ours[i] as Measured) / rate(their));
    console.log(
      [
        `${coords.length / 2} tiles, median of ${rounds} rounds in turn`,
        `OpenSlide in two processes of ours ${median(ours.map(rate)).toFixed(0)} tiles/s`,
        `Python OpenSlide, two processes ${median(theirs.map(rate)).toFixed(0)} tiles/s`,
        `ratio ${median(ratios).toFixed(2)} (${ratios.map((ratio) => ratio.toFixed(2)).join(', ')})`,
      ].join('\n'),
    );
  },
  halfAnHour,
);

it.skipIf(openSlidePython === null)('pixels of a sample are those of OpenSlide', async () => {
  const sample = Array.from({ length: 40 }, (_, i) => Math.floor((i * coords.length) / 80) * 2);
  const places = sample.map((at) => [coords[at] as number, coords[at + 1] as number] as const);
  const script = [
    'import json, sys, openslide',
    'slide = openslide.OpenSlide(sys.argv[1])',
    'for x, y in json.loads(sys.argv[2]):',
    '    sys.stdout.buffer.write(slide.read_region((x, y), 0, (256, 256)).convert("RGB").tobytes())',
  ].join('\n');
  const { stdout } = spawnSync(openSlidePython as string, ['-c', script, slide, JSON.stringify(places)], {
    maxBuffer: 2 ** 30,
  });
  const reader = await openSlide(slide);
  for (const [i, [x, y]] of places.entries()) {
    const own = await reader.read(0, { x, y, width: 256, height: 256 });
    const theirs = stdout.subarray(i * own.length, (i + 1) * own.length);
    // Below the last row of the slide, OpenSlide returns transparent black, which becomes black in RGB. Our reader also
    // returns black there.
    expect(Buffer.compare(own, theirs), `tile at ${x}, ${y}`).toBe(0);
  }
  await reader.close();
});
