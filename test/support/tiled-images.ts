import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { tileCoordsFile, tileSetFile, type TiledImage } from '../../src/operators/tiling/tiles-data.js';
import { stemOf } from '../../src/pipeline/core/file-name.js';
import { rng } from '../../src/pipeline/core/rng.js';
import type { SourceFile } from '../../src/pipeline/stage.js';
import type { ArtifactFiles } from './run-stage.js';

/** A noisy picture that becomes brighter to the right and to the bottom. Each seed gives another picture. */
export function pixelsOf(width: number, height: number, seed: number): Uint8Array {
  const noise = rng(seed, 'picture');
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return 20 + x + y + noise.int(40);
  });
}

/** An image on disk, with the tiles that the `tile` stage found on it. */
export interface TestImage {
  readonly name: string;
  readonly seed?: number;
  readonly width?: number;
  readonly height?: number;
  /** Upper left corners; empty for an image without tissue. */
  readonly tiles: readonly (readonly [x: number, y: number])[];
  readonly outcome?: TiledImage['outcome'];
}

export interface TestTiles {
  readonly files: ArtifactFiles;
  readonly sources: readonly SourceFile[];
  /** Removes the images. */
  readonly remove: () => void;
}

/** Writes images and the `tile` artifact that describes them. */
export async function tiledImagesOnDisk(images: readonly TestImage[], sizePx: number): Promise<TestTiles> {
  const folder = mkdtempSync(join(tmpdir(), 'haf-tiled-'));
  const coords: number[] = [];
  const described: TiledImage[] = [];
  for (const { name, seed = 1, width = 96, height = 80, tiles, outcome = 'ok' } of images) {
    await sharp(pixelsOf(width, height, seed), { raw: { width, height, channels: 3 } })
      .png()
      .toFile(join(folder, name));
    const geometry = { sizePx, level: 0, readPx: sizePx, level0Px: sizePx, stepLevel0Px: sizePx, mpp: 0.5 };
    described.push({
      ...{ id: stemOf(name), file: name, patient: '007', source: 'CD3', outcome, reason: null },
      ...{ image: null, segmentation: null, tile: geometry },
      ...{ start: coords.length / 2, rows: tiles.length },
    });
    coords.push(...tiles.flat());
  }
  return {
    files: {
      [tileSetFile]: { images: described },
      [tileCoordsFile]: new Uint8Array(Int32Array.from(coords).buffer),
    },
    sources: images.map(({ name }) => ({
      role: 'core',
      name: basename(name),
      path: join(folder, name),
      sha256: '',
    })),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** One tile of an image that `tiledImagesOnDisk` writes, [sizePx, sizePx, 3]. Pixels outside the image are black. */
export function tileOf(
  { seed = 1, width = 96, height = 80 }: TestImage,
  x0: number,
  y0: number,
  sizePx: number,
) {
  const pixels = pixelsOf(width, height, seed);
  const rgb = new Uint8Array(sizePx * sizePx * 3);
  for (let y = 0; y < Math.min(sizePx, height - y0); y++)
    for (let x = 0; x < Math.min(sizePx, width - x0); x++)
      for (let c = 0; c < 3; c++)
        rgb[(y * sizePx + x) * 3 + c] = pixels[((y0 + y) * width + x0 + x) * 3 + c] as number;
  return rgb;
}
