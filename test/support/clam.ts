import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closing } from '../../src/operators/tiling/closing.js';
import { gridTiles, type GridSettings } from '../../src/operators/tiling/grid.js';
import { medianBlur } from '../../src/operators/tiling/median-blur.js';
import { scaled } from '../../src/operators/tiling/polygon.js';
import { saturation } from '../../src/operators/tiling/saturation.js';
import { segmentTissue } from '../../src/operators/tiling/segment-tissue.js';
import { otsuThreshold, threshold } from '../../src/operators/tiling/threshold.js';
import type { TissueSettings } from '../../src/operators/tiling/tissue-settings.js';
import type { Picture } from './blobs.js';
import { runPython } from './python-with.js';

export interface ClamJob {
  readonly picture: Picture;
  readonly slide: readonly [number, number];
  readonly downsample: readonly [number, number];
  readonly settings: TissueSettings;
  readonly side: GridSettings['side'];
  readonly step: GridSettings['step'];
}

/**
 * The tissue and the tiles that OpenCV or our own code finds in a picture. `saturation`, `smooth` and `mask` are the
 * SHA-256 of the intermediate pictures. Outlines and tiles are in level-0 pixels.
 */
export interface ClamAnswer {
  readonly saturation: string;
  readonly smooth: string;
  readonly mask: string;
  readonly outlines: readonly { readonly outer: number[]; readonly holes: readonly number[][] }[];
  readonly tiles: readonly number[];
}

const script = join(import.meta.dirname, 'clam.py');
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The results that clam.py computes with OpenCV for each picture and its settings. */
export function clamAnswers(python: string, jobs: readonly ClamJob[]): readonly ClamAnswer[] {
  const folder = mkdtempSync(join(tmpdir(), 'haf-clam-'));
  try {
    const files = new Map<Picture, string>();
    const described = jobs.map(({ picture, ...job }) => {
      const known = files.get(picture);
      const rgb = known ?? join(folder, `${files.size}.rgb`);
      if (known === undefined) writeFileSync(rgb, picture.rgb);
      files.set(picture, rgb);
      return { rgb, width: picture.width, height: picture.height, ...job };
    });
    writeFileSync(join(folder, 'jobs.json'), JSON.stringify(described));
    return JSON.parse(runPython(python, [script, join(folder, 'jobs.json')])) as ClamAnswer[];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The results of our own code for a picture and its settings. */
export function ownAnswer({ picture, slide, downsample, settings, side, step }: ClamJob): ClamAnswer {
  const { width, height } = picture;
  const grey = { width, height, data: new Uint8Array(width * height) };
  saturation(picture.rgb, grey.data);
  const smooth = medianBlur(grey, settings.mthresh);
  const binary = threshold(smooth, settings.useOtsu ? otsuThreshold(smooth) : settings.sthresh);
  const mask = settings.close > 0 ? closing(binary, settings.close) : binary;
  const { outlines } = segmentTissue(grey, settings, downsample);
  const onSlide = outlines.map(({ outer, holes }) => ({
    outer: scaled(outer, downsample),
    holes: holes.map((hole) => scaled(hole, downsample)),
  }));
  const grid = { side, step, contourTest: settings.contourTest, padding: settings.padding };
  return {
    saturation: digest(grey.data),
    smooth: digest(smooth.data),
    mask: digest(mask.data),
    outlines: onSlide.map(({ outer, holes }) => ({
      outer: [...outer],
      holes: holes.map((hole) => [...hole]),
    })),
    tiles: [...gridTiles(onSlide, grid, { width: slide[0], height: slide[1] })],
  };
}
