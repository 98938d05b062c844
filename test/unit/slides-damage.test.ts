import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { embed } from '../../src/operators/encoders/embed.js';
import { bagIndexFile, bagIndexSchema } from '../../src/operators/features/bag-index.js';
import { gridReader, type GridReader } from '../../src/operators/slides/grid-reader.js';
import { copyPixels, overlapOf } from '../../src/operators/slides/level-grid.js';
import { pastDamage } from '../../src/operators/slides/past-damage.js';
import { probeSlide } from '../../src/operators/slides/probe-slide.js';
import type { Region } from '../../src/operators/slides/slide-reader.js';
import { readTiffDirectory } from '../../src/operators/slides/tiff-directory.js';
import { readTiles } from '../../src/operators/tiling/read-tiles.js';
import { tile } from '../../src/operators/tiling/tile.js';
import { tileSetFile, tileSetSchema } from '../../src/operators/tiling/tiles-data.js';
import { openClosed as openSlide } from '../support/open-slides.js';
import { greatestDifference, paintWaves, writePainted } from '../support/painted-slide.js';
import { runStage } from '../support/run-stage.js';

/** Breaks stored tiles of a level in place. */
async function breakTiles(path: string, level: number, tiles: readonly number[] | 'all'): Promise<void> {
  const pages = (await readTiffDirectory(path)).pages.filter(({ tile }) => tile !== null);
  const { chunks } = [...pages].sort((a, b) => b.width - a.width)[level] as (typeof pages)[number];
  const bytes = readFileSync(path);
  for (const tile of tiles === 'all' ? chunks.offsets.keys() : tiles) {
    const start = chunks.offsets[tile] as number;
    bytes.fill(0xaa, start, start + (chunks.byteCounts[tile] as number));
  }
  writeFileSync(path, bytes);
}

const whole = (width: number, height: number) => ({ x: 0, y: 0, width, height });

/** A picture at half its size: each pixel is the mean of 2 x 2 pixels. */
function halved(rgb: Uint8Array, width: number, height: number): Uint8Array {
  const half = width / 2;
  return Uint8Array.from({ length: (half * height * 3) / 2 }, (_, i) => {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % half, Math.floor(i / 3 / half)];
    const at = (dx: number, dy: number): number => rgb[((2 * y + dy) * width + 2 * x + dx) * 3 + c] as number;
    return Math.round((at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)) / 4);
  });
}

describe('a level that is damaged', () => {
  it('is made of the next finer one, as means of its pixels, and that is a warning', async () => {
    const path = await writePainted('a.svs');
    await breakTiles(path, 1, 'all');
    const raw = await openSlide(path);
    await expect(raw.read(1, whole(350, 250))).rejects.toMatchObject({ code: 'HAF_SLIDE_UNREADABLE' });
    const reader = pastDamage(await openSlide(path), 0);
    const found = await reader.read(1, whole(350, 250));
    const base = await reader.read(0, whole(700, 500));
    const means = halved(base, 700, 500);
    expect(greatestDifference(found, means)).toBe(0);
    expect(reader.damage()).toMatchObject([
      {
        severity: 'warning',
        reason: '24 stored tiles of level 1 cannot be read; their pixels are computed from level 0',
      },
    ]);
    // A read of a smaller region gives the same pixels as the read of the whole level.
    const part = await reader.read(1, { x: 101, y: 77, width: 31, height: 40 });
    for (let y = 0; y < 40; y++) {
      const at = ((77 + y) * 350 + 101) * 3;
      expect(greatestDifference(part.subarray(y * 93, (y + 1) * 93), found.subarray(at, at + 93))).toBe(0);
    }
  });

  it('goes down two levels when the next finer one is damaged, too', async () => {
    const path = await writePainted('a.svs');
    await breakTiles(path, 1, 'all');
    await breakTiles(path, 2, 'all');
    const reader = pastDamage(await openSlide(path), 0);
    const found = await reader.read(2, whole(175, 125));
    const base = await reader.read(0, whole(700, 500));
    const means = halved(halved(base, 700, 500), 350, 250);
    expect(greatestDifference(found, means)).toBe(0);
    expect(reader.damage()).toHaveLength(2);
  });

  it('is a warning of inspect, not a slide that cannot be read', async () => {
    const path = await writePainted('a.svs');
    await breakTiles(path, 2, 'all');
    const probe = await probeSlide(path);
    expect(probe).toMatchObject({ readable: true });
    expect(probe.readable && probe.info.warnings.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(
        /stored tiles? of level 2 cannot be read; their pixels are computed from level 1/,
      ),
    ]);
  });
});

describe('a damaged tile of level 0', () => {
  const geometry = { sizePx: 64, level: 0, readPx: 64, level0Px: 64, stepLevel0Px: 64, mpp: 0.25 };
  /** The grid of all 64 x 64 tiles, 11 x 8, moved by some pixels. */
  const gridAt = (shift: number): Int32Array =>
    Int32Array.from({ length: 2 * 10 * 7 }, (_, i) => {
      const tile = i >> 1;
      return shift + 64 * (i % 2 === 0 ? tile % 10 : Math.floor(tile / 10));
    });

  it.each([0, 32])('marks the tiles that touch it, grid moved by %s', async (shift) => {
    const path = await writePainted('a.svs');
    // Tile 26 of 11 columns: column 4, row 2.
    await breakTiles(path, 0, [26]);
    const reader = pastDamage(await openSlide(path), 0.02) as ReturnType<typeof pastDamage> & GridReader;
    const damaged: number[] = [];
    let tiles = 0;
    const coords = gridAt(shift);
    for await (const batch of readTiles(reader, coords, geometry)) {
      damaged.push(...batch.damaged);
      tiles += batch.rows.length;
    }
    const touching = [...Array(70).keys()].filter((row) => {
      const [x, y] = [coords[2 * row] as number, coords[2 * row + 1] as number];
      return x < 5 * 64 && x + 64 > 4 * 64 && y < 3 * 64 && y + 64 > 2 * 64;
    });
    expect(damaged.sort((a, b) => a - b)).toEqual(touching);
    expect(touching.length).toBe(shift === 0 ? 1 : 4);
    expect(tiles).toBe(70);
    expect(reader.damage()).toMatchObject([
      { reason: '1 stored tile of level 0 cannot be read; tiles that touch them are left out' },
    ]);
  });

  it('beyond the share the slide is unreadable, with the place', async () => {
    const path = await writePainted('a.svs');
    await breakTiles(path, 0, [26, 40]);
    const reader = pastDamage(await openSlide(path), 0.02);
    await expect(reader.read(0, whole(700, 500))).rejects.toMatchObject({
      code: 'HAF_SLIDE_UNREADABLE',
      what: expect.stringMatching(/level 0, x \d+ to \d+/) as string,
    });
  });
});

describe('a damaged tile of a slide whose tiles are read as regions', () => {
  it('marks the tiles that touch it, and reads the others', async () => {
    const level = { width: 256, height: 192, downsample: 1 };
    const broken = { x: 64, y: 64, width: 64, height: 64 };
    const read = (_: number, region: Region): Promise<Uint8Array> =>
      overlapOf(region, broken) === null
        ? Promise.resolve(paintWaves(region))
        : Promise.reject(new Error('broken'));
    const info = { ...(await openSlide(await writePainted('a.svs'))).info, levels: [level] };
    const grid = { cellWidth: 64, cellHeight: 64, columns: 4, rows: 3, stored: new Uint8Array(12).fill(1) };
    const regions = () => async (wanted: readonly Region[], into: readonly Uint8Array[]) => {
      for (const [i, region] of wanted.entries()) into[i]?.set(await read(0, region));
    };
    const reader = pastDamage(gridReader('a.ndpi', info, [grid], { read, regions }), 0.1);
    // The grid is moved by 10 pixels, so that the tiles of its last row and column end outside of the slide.
    const coords = Int32Array.from({ length: 24 }, (_, i) => 10 + 64 * (i % 2 ? i >> 3 : (i >> 1) % 4));
    const geometry = { sizePx: 64, level: 0, readPx: 64, level0Px: 64, stepLevel0Px: 64, mpp: 0.25 };
    const damaged: number[] = [];
    for await (const batch of readTiles(reader, coords, geometry)) {
      damaged.push(...batch.damaged);
      for (const [i, row] of batch.rows.entries()) {
        if (batch.damaged.includes(row)) continue;
        const region = { x: coords[2 * row] ?? 0, y: coords[2 * row + 1] ?? 0, width: 64, height: 64 };
        const inside = overlapOf(region, { x: 0, y: 0, width: 256, height: 192 }) as Region;
        const expected = new Uint8Array(64 * 64 * 3);
        copyPixels(paintWaves(inside), inside, expected, region);
        expect(greatestDifference(batch.tiles[i] as Uint8Array, expected)).toBe(0);
      }
    }
    expect(damaged.sort((a, b) => a - b)).toEqual([0, 1, 4, 5]);
    expect(reader.damage()).toMatchObject([{ reason: expect.stringMatching(/^1 stored tile /) as string }]);
  });
});

describe('a slide with a damaged tile in a run', () => {
  it('has bags without the tiles that touch it, and says so', async () => {
    const path = await writePainted('a.svs');
    await breakTiles(path, 0, [26]);
    const unit = { modality: 'WSI', file: 'a.svs', tiling: 'tissue', patient: '007' } as const;
    const config = {
      data: { modalities: { WSI: { width: 16 } } },
      tissue: { preset: 'bypass' as const },
      tile: { size: 64, step: 64, damagedShare: 0.02 },
    };
    const sources = [{ role: 'slide', name: 'a.svs', path, sha256: '0'.repeat(64) }];
    const tiled = (await runStage(tile, { unit, config, sources })).output;
    const { images } = tileSetSchema.parse(tiled.files[tileSetFile]);
    const { output } = await runStage(embed, {
      unit: { ...unit, encoder: 'stand-in' },
      config,
      sources,
      inputs: { tile: [{ id: 'tiles', files: tiled.files }] },
    });
    const rows = images[0]?.rows ?? 0;
    expect(rows).toBeGreaterThan(70);
    expect(bagIndexSchema.parse(output.files[bagIndexFile]).bags).toMatchObject([{ rows: rows - 1 }]);
    const corners = new Float32Array(new Uint8Array(output.files['coords.f32'] as Uint8Array).buffer);
    const places = Array.from(
      { length: corners.length / 2 },
      (_, i) => `${corners[2 * i]} ${corners[2 * i + 1]}`,
    );
    expect(places).toHaveLength(rows - 1);
    expect(places).not.toContain('256 128');
    expect(places).toContain('192 128');
    expect(output.problems?.map(({ severity, reason }) => [severity, reason])).toEqual([
      ['warning', '1 stored tile of level 0 cannot be read; tiles that touch them are left out'],
      ['warning', `1 of its ${rows} tiles are left out, because pixels of them are damaged.`],
    ]);
  });
});
