import type { OpenSlide } from '../../src/operators/tiling/image-tiles.js';
import { tileImages } from '../../src/operators/tiling/tile-images.js';
import {
  tileCoordsFile,
  tileSetFile,
  tileSetSchema,
  type TiledImage,
} from '../../src/operators/tiling/tiles-data.js';
import { openSlide } from '../../src/operators/slides/open-slide.js';
import { stemOf } from '../../src/pipeline/core/file-name.js';
import { hancockPatient } from '../../src/pipeline/core/hancock-names.js';
import type { Problem } from '../../src/pipeline/core/problem.js';
import type { StageOutput, Unit } from '../../src/pipeline/stage.js';
import type { Changes } from './resolved-config.js';
import { runStage } from './run-stage.js';

export interface Tiled {
  readonly images: readonly TiledImage[];
  /** Corners (x, y) of the tiles of all images, [rows, 2]. */
  readonly coords: readonly (readonly [number, number])[];
  readonly files: StageOutput['files'];
  readonly problems: readonly Problem[];
}

async function tiled(
  unit: Unit,
  names: readonly string[],
  role: string,
  config: Changes,
  open: OpenSlide,
  annotations: readonly string[] = [],
): Promise<Tiled> {
  const source = (path: string, role: string) => ({
    role,
    name: path.split('/').at(-1) ?? path,
    path,
    sha256: '',
  });
  const sources = [
    ...names.map((path) => source(path, role)),
    ...annotations.map((path) => source(path, 'annotations')),
  ];
  const { output } = await runStage(tileImages(open), { config, unit, sources });
  const flat = new Int32Array(Uint8Array.from(output.files[tileCoordsFile] as Uint8Array).buffer);
  return {
    images: tileSetSchema.parse(output.files[tileSetFile]).images,
    coords: Array.from(
      { length: flat.length / 2 },
      (_, i) => [flat[2 * i] ?? 0, flat[2 * i + 1] ?? 0] as const,
    ),
    files: output.files,
    problems: output.problems ?? [],
  };
}

/** The settings that all tile jobs of HANCOCK's images share. */
const ofHancock = { names: 'hancock' } as const;

/**
 * Runs the tile stage on the slide at `path`, which `open` opens. `annotations` are the files with regions that were
 * drawn on the slide.
 */
export const tileSlideFile = (
  path: string,
  config: Changes = {},
  open: OpenSlide = openSlide,
  unit: Unit = {},
  annotations: readonly string[] = [],
): Promise<Tiled> => {
  const patient = hancockPatient(stemOf(path));
  const planned = {
    ...ofHancock,
    tiling: 'tissue',
    file: path,
    ...(patient === null ? {} : { patient }),
  } as const;
  return tiled({ modality: 'WSI', ...planned, ...unit }, [path], 'slide', config, open, annotations);
};

/** Runs the tile stage on the cores of a patient. */
export const tileCoreFiles = (
  unit: Unit,
  paths: readonly string[],
  config: Changes = {},
  open: OpenSlide = openSlide,
): Promise<Tiled> =>
  tiled({ modality: 'TMA', ...ofHancock, tiling: 'grid', ...unit }, paths, 'core', config, open);
