import { existsSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rng, type Rng } from '../../src/pipeline/core/rng.js';
import type { Region } from '../../src/operators/slides/slide-reader.js';
import { writeSlideFile } from '../../src/operators/synthetic/slide-file.js';

/** Side of a mask cell in level-0 pixels. */
export const maskCell = 8;
const textureSide = 512;

/** Marks where tissue is, in cells of 8 x 8 pixels: 0 is glass, any other value is one of the tissue colours. */
export interface TissueMask {
  readonly columns: number;
  readonly rows: number;
  readonly kinds: Uint8Array;
}

interface Outline {
  readonly x: number;
  readonly y: number;
  /** Radius of the outline, in mask cells, at an angle in radians. */
  readonly radius: (angle: number) => number;
  readonly reach: number;
}

/** A ragged closed line around a centre: waves of many frequencies are added to a circle. */
function drawOutline(random: Rng, x: number, y: number, size: number): Outline {
  const waves = [2, 3, 5, 8, 13, 21, 34].map((k) => ({
    k,
    height: (0.28 / Math.sqrt(k)) * (0.4 + random.uniform()),
    phase: random.uniform() * 2 * Math.PI,
  }));
  const radius = (angle: number): number =>
    size *
    Math.max(
      0.15,
      waves.reduce((sum, { k, height, phase }) => sum + height * Math.sin(k * angle + phase), 1),
    );
  return { x, y, radius, reach: size * 2.2 };
}

function fill(mask: TissueMask, { x, y, radius, reach }: Outline, kind: number): void {
  const { columns, rows, kinds } = mask;
  for (let row = Math.max(0, Math.floor(y - reach)); row < Math.min(rows, y + reach); row++)
    for (let column = Math.max(0, Math.floor(x - reach)); column < Math.min(columns, x + reach); column++) {
      const [dx, dy] = [column - x, row - y];
      const distance = Math.hypot(dx, dy);
      if (distance < reach && distance < radius(Math.atan2(dy, dx))) kinds[row * columns + column] = kind;
    }
}

/** Draws ragged fragments of all sizes. Most of them have holes, and some touch each other. */
export function drawTissue(width: number, height: number, fragments: number, seed: number): TissueMask {
  const [columns, rows] = [Math.ceil(width / maskCell), Math.ceil(height / maskCell)];
  const mask = { columns, rows, kinds: new Uint8Array(columns * rows) };
  const random = rng(seed, 'tissue');
  // The size of fragments is scaled so that the share of tissue is the same for every slide size.
  const usual = Math.sqrt((columns * rows) / fragments);
  for (let i = 0; i < fragments; i++) {
    const size = usual * (0.15 + 0.45 * random.uniform() ** 2);
    const [x, y] = [random.uniform() * columns, random.uniform() * rows];
    fill(mask, drawOutline(random, x, y, size), 1 + random.int(3));
    for (let hole = random.int(5); hole > 0; hole--) {
      const [angle, out] = [random.uniform() * 2 * Math.PI, random.uniform() * size * 0.7];
      const at = [x + out * Math.cos(angle), y + out * Math.sin(angle)] as const;
      fill(mask, drawOutline(random, ...at, size * (0.05 + 0.2 * random.uniform())), 0);
    }
  }
  return mask;
}

/** Textures: glass, and three colours of stroma with darker nuclei. */
function drawTextures(seed: number): readonly Uint8Array[] {
  const tints = [
    [243, 241, 244, 3],
    [224, 164, 196, 14],
    [205, 142, 190, 18],
    [232, 186, 208, 12],
  ] as const;
  return tints.map(([r, g, b, grain], kind) => {
    const random = rng(seed, `texture/${kind}`);
    const pixels = new Uint8Array(textureSide * textureSide * 3);
    for (let i = 0; i < pixels.length; i += 3) {
      const noise = (random.uniform() - 0.5) * 2 * grain;
      pixels.set(
        [r + noise, g + noise, b + noise].map((value) => Math.max(0, Math.min(255, value))),
        i,
      );
    }
    for (let nucleus = 0; kind > 0 && nucleus < 700 * kind; nucleus++) {
      const [x, y, size] = [random.int(textureSide), random.int(textureSide), 3 + random.int(5)];
      for (let dy = -size; dy <= size; dy++)
        for (let dx = -size; dx <= size; dx++) {
          if (dx * dx + dy * dy > size * size) continue;
          const at = ((y + dy) & (textureSide - 1)) * textureSide + ((x + dx) & (textureSide - 1));
          pixels.set([96 + random.int(24), 62 + random.int(20), 138 + random.int(24)], at * 3);
        }
    }
    return pixels;
  });
}

/** Paints a mask: each cell is copied from the texture of its kind, at the cell's position. */
export function tissuePainter(mask: TissueMask, seed: number): (region: Region) => Uint8Array {
  const textures = drawTextures(seed);
  const run = maskCell * 3;
  return ({ x, y, width, height }) => {
    const rgb = new Uint8Array(width * height * 3);
    for (let row = 0; row < height; row++) {
      const cells = Math.floor((y + row) / maskCell) * mask.columns;
      const line = ((y + row) & (textureSide - 1)) * textureSide;
      for (let column = 0; column < width; column += maskCell) {
        const kind = mask.kinds[cells + Math.floor((x + column) / maskCell)] as number;
        const from = (line + ((x + column) & (textureSide - 1))) * 3;
        const to = (row * width + column) * 3;
        const texture = textures[kind] as Uint8Array;
        const end = Math.min(run, (width - column) * 3);
        for (let i = 0; i < end; i++) rgb[to + i] = texture[from + i] as number;
      }
    }
    return rgb;
  };
}

/** The slide of the benchmarks. It is like a scan at 20x of a section in several hundred pieces. */
export const benchSlide = { width: 40_000, height: 30_000, fragments: 900, seed: 4 } as const;

/**
 * Writes the slide once and keeps it for later runs.
 * @returns its path
 */
export async function benchSlidePath(): Promise<string> {
  const { width, height, fragments, seed } = benchSlide;
  const path = join(tmpdir(), `haf-bench-${width}x${height}-${fragments}-${seed}-v1.svs`);
  if (existsSync(path)) return path;
  const part = `${path}.${process.pid}`;
  const physics = { mpp: 0.4992, magnification: 20, downsamples: [1, 4, 16, 32], associated: true };
  await writeSlideFile(
    { path: part, width, height, ...physics },
    tissuePainter(drawTissue(width, height, fragments, seed), seed),
  );
  renameSync(part, path);
  return path;
}
