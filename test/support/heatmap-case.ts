import sharp from 'sharp';
import { heatmap } from '../../src/operators/heatmaps/heatmap.js';
import type { Segment } from '../../src/operators/cohort/cohort-data.js';
import { attentionFile } from '../../src/operators/stage1/encoder-data.js';
import { writeSafetensors } from '../../src/operators/tensor/safetensors.js';
import { contoursGeoJson } from '../../src/operators/tiling/contours-geojson.js';
import type { Outline } from '../../src/operators/tiling/trace-contours.js';
import {
  contoursFile,
  thumbnailFile,
  tileSetFile,
  type TiledImage,
} from '../../src/operators/tiling/tiles-data.js';
import type { BagIndex, IndexedBag } from '../../src/operators/features/bag-index.js';
import type { ModalityId } from '../../src/pipeline/core/modality.js';
import type { Problem } from '../../src/pipeline/core/problem.js';
import type { Unit } from '../../src/pipeline/stage.js';
import { cohortArtifact, bagsArtifact } from './invented-cohort.js';
import type { Changes } from './resolved-config.js';
import { runStage, type ArtifactFiles } from './run-stage.js';

export interface CaseArtifact {
  readonly id: string;
  readonly unit: Unit;
  readonly files: ArtifactFiles;
}

/**
 * A bag of a test case. `at` holds the positions of its tiles. All other fields are optional and replace the values of
 * `embedOf`, for example `coords`, the unit of the positions.
 */
export type CaseBag = Partial<IndexedBag> & { readonly at: readonly (readonly [x: number, y: number])[] };

/** The `embed` artifact of bags. Its matrix holds the rows of the first bag, then those of the second, and so on. */
export function embedOf(id: string, unit: Unit, bags: readonly CaseBag[], withCoords = true): CaseArtifact {
  let start = 0;
  const indexed = bags.map(({ at, ...bag }): IndexedBag => {
    const rows = at.length;
    const coords = withCoords ? ({ unit: 'px', side: 400 } as const) : null;
    start += rows;
    return {
      ...{ patient: '001', source: 'primary', image: 'PrimaryTumor_HE_001', start: start - rows, rows },
      ...{ coords, mpp: null },
      ...bag,
    };
  });
  const index: BagIndex = { dialect: 'test', encoder: null, precision: 'float32', width: 4, bags: indexed };
  const values = Float32Array.from(bags.flatMap(({ at }) => at.flat()));
  const coords = withCoords ? { 'coords.f32': new Uint8Array(values.buffer) } : {};
  return { id, unit, files: { 'bags.json': index, ...coords } };
}

export const tiledImage = (more: Partial<TiledImage> = {}): TiledImage => ({
  id: 'PrimaryTumor_HE_001',
  file: 'wsi/PrimaryTumor_HE_001.svs',
  patient: '001',
  source: 'primary',
  outcome: 'ok',
  reason: null,
  image: {
    ...{ vendor: 'aperio', route: 'strips', width: 1600, height: 800, levels: [] },
    ...{ mpp: { x: 0.25, y: 0.25, source: 'Aperio MPP' }, magnification: 40, compression: 'JPEG' },
  },
  segmentation: {
    ...{ preset: 'default', settings: { sthresh: 8, useOtsu: false, close: 4 }, level: 2 },
    ...{ downsample: [64, 64], contours: 3, holes: 1, tissueShare: 0.4321 },
  },
  tile: { sizePx: 256, level: 0, readPx: 256, level0Px: 400, stepLevel0Px: 400, mpp: 0.25 },
  start: 0,
  rows: 3,
  ...more,
});

/** A picture of one colour as PNG, which keeps the exact colour. Tests also store it under names with `.jpg`. */
export const plainPicture = (width: number, height: number, background: string): Promise<Uint8Array> =>
  sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer();

/** A piece of tissue with a hole, in level-0 pixels. */
export const tissue: readonly Outline[] = [
  {
    outer: Int32Array.of(0, 0, 1600, 0, 1600, 800, 0, 800),
    holes: [Int32Array.of(500, 500, 500, 600, 600, 600)],
  },
];

/** The `tile` artifact of images. Each image has a white thumbnail of a tenth of its size, and `tissue` if it is segmented. */
export async function tileOf(unit: Unit, images: readonly TiledImage[]): Promise<CaseArtifact> {
  const files: Record<string, Uint8Array | object> = { [tileSetFile]: { images } };
  for (const [i, { image, segmentation }] of images.entries()) {
    if (segmentation !== null) files[contoursFile(i)] = contoursGeoJson(tissue);
    if (image !== null)
      files[thumbnailFile(i)] = await plainPicture(image.width / 10, image.height / 10, '#fff');
  }
  return { id: `tile ${JSON.stringify(unit)}`, unit, files };
}

export interface HeatmapCase {
  readonly modality?: ModalityId;
  /**
   * For each patient: the segments of the bag (ranges of rows of `embed` artifacts), and an attention score for each
   * row before softmax.
   */
  readonly patients: Readonly<
    Record<string, { readonly segments: readonly Segment[]; readonly scores: readonly number[] } | null>
  >;
  readonly test: readonly string[];
  readonly embed: readonly CaseArtifact[];
  readonly tile?: readonly CaseArtifact[];
  readonly config?: Changes;
}

/** Runs the heatmap stage and returns the files it writes, by name. */
export const heatmapsOf = async (of: HeatmapCase): Promise<HeatmapFiles> => (await heatmapRun(of)).files;

type HeatmapFiles = Readonly<Record<string, Uint8Array>>;

/** Runs the heatmap stage and returns its files by name, and its problems. */
export async function heatmapRun(
  of: HeatmapCase,
): Promise<{ readonly files: HeatmapFiles; readonly problems: readonly Problem[] }> {
  const modality = of.modality ?? 'WSI';
  const patients = Object.entries(of.patients);
  const lengths = patients.map(([, bag]) => bag?.scores.length ?? 0);
  const offsets = Int32Array.from(
    [0, ...lengths].map((_, i) => lengths.slice(0, i).reduce((a, b) => a + b, 0)),
  );
  const scores = Float32Array.from(patients.flatMap(([, bag]) => bag?.scores ?? []));
  const attention = writeSafetensors({
    scores: { shape: [scores.length], data: scores },
    offsets: { shape: [offsets.length], data: offsets },
  });
  const cohort = cohortArtifact(patients.map(([id]) => ({ id, y: 0, followUpDays: null })));
  const bags = bagsArtifact(
    modality,
    4,
    Object.fromEntries(patients.flatMap(([id, bag]) => (bag === null ? [] : [[id, [...bag.segments]]]))),
  );
  const train = patients.map(([id]) => id).filter((id) => !of.test.includes(id));
  const splits = { folds: [{ train, val: [], test: of.test }], hash: 'abc' };
  const { output } = await runStage(heatmap, {
    config: of.config ?? {},
    unit: { fold: 0, modality },
    inputs: {
      cohort: [cohort],
      bags: [bags],
      split: [{ id: 'split', files: { 'splits.json': splits } }],
      stage1: [{ id: 'stage1', files: { [attentionFile]: attention } }],
      embed: of.embed,
      tile: of.tile ?? [],
    },
  });
  return { files: output.files as HeatmapFiles, problems: output.problems ?? [] };
}

/** The rows of a CSV file, as objects with the column names as keys. */
export function csvRows(bytes: Uint8Array | undefined): Record<string, string>[] {
  const [header = '', ...lines] = new TextDecoder().decode(bytes).trimEnd().split('\n');
  const columns = header.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? '']));
  });
}
