import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Artifact, StageContext } from '../../pipeline/stage.js';
import { readCohort, type Patient, type Segment } from '../cohort/cohort-data.js';
import { bagIndexFile, bagIndexSchema, type BagIndex } from '../features/bag-index.js';
import { heatmapName, heatmapPath } from '../heatmaps/heatmap-data.js';
import { sharedTiles, type SharedTiles } from './shared-tiles.js';
import { splitsFile, splitsSchema } from '../splits/split-data.js';
import { sheetFile, tileSetFile, tileSetSchema, type TiledImage } from '../tiling/tiles-data.js';

/** One slide, or the cores of one patient, after tiling. */
export interface Tiled {
  readonly modality: ModalityId;
  /** True for a slide whose tissue was searched: `images` are then its scenes. False for images tiled as a whole. */
  readonly tissue: boolean;
  readonly images: readonly TiledImage[];
  /** A small JPEG picture of the images. Null if no image could be read. */
  readonly sheet: () => Uint8Array | null;
}

/** The bags of one `embed` artifact. */
export interface Features {
  readonly artifact: string;
  readonly modality: ModalityId;
  readonly index: BagIndex;
  /** Whether the stand-in encoder (colour and texture statistics) made the features, in place of a pathology model. */
  readonly standIn: boolean;
}

/** A heatmap picture in the run directory, by relative path. */
export interface HeatmapLink {
  readonly modality: ModalityId;
  readonly patient: string;
  readonly y: 0 | 1;
  readonly path: string;
}

/** The data about images that the report shows. */
export interface ImageInput {
  /** The artifacts of `tile`, in the order of the job graph. Empty if the features came as files. */
  readonly tiled: readonly Tiled[];
  /**
   * For each modality that has no `tile` job of its own for its images: the tiles that it shares with another modality.
   */
  readonly shared: readonly SharedTiles[];
  readonly features: readonly Features[];
  /** The patients of the cohort, who are counted in the tables of the image section. */
  readonly patients: readonly string[];
  /** Links to the heatmaps of the run, by modality, and within a modality in cohort order. */
  readonly heatmaps: readonly HeatmapLink[];
}

export function readImageInput(context: StageContext): ImageInput {
  const { inputs } = context;
  const tile = inputs.all('tile').map((artifact) => ({ unit: artifact.unit, tiled: tiledOf(artifact) }));
  const embed = inputs
    .all('embed')
    .map((artifact) => ({ unit: artifact.unit, features: featuresOf(artifact) }));
  const features = embed.map((one) => one.features);
  const { patients } = readCohort(inputs);
  return {
    tiled: tile.map(({ tiled }) => tiled),
    shared: sharedTiles(tile, embed),
    features,
    patients: patients.map(({ id }) => id),
    heatmaps: heatmapLinks(context, features, patients),
  };
}

const bagModalityOf = ({ id, unit: { modality } }: Artifact): ModalityId => {
  if (modality === undefined) throw new Error(`Artifact ${id} does not say its modality`);
  return modality;
};

const tiledOf = (artifact: Artifact): Tiled => {
  const { images } = artifact.json(tileSetFile, tileSetSchema);
  const tissue = artifact.unit.tiling === 'tissue';
  return { modality: bagModalityOf(artifact), tissue, images, sheet: () => sheetOf(artifact, images) };
};

function sheetOf(artifact: Artifact, images: readonly TiledImage[]): Uint8Array | null {
  const readable = images.some(({ outcome }) => outcome !== 'failed');
  try {
    return artifact.bytes(sheetFile);
  } catch (error) {
    // The artifact may lack the picture only if no image was readable. Otherwise the error is thrown again.
    if (readable) throw error;
    return null;
  }
}

const featuresOf = (artifact: Artifact): Features => {
  const index = artifact.json(bagIndexFile, bagIndexSchema);
  const standIn = artifact.unit.encoder === 'stand-in' || (index.encoder?.startsWith('stand-in') ?? false);
  return { artifact: artifact.id, modality: bagModalityOf(artifact), index, standIn };
};

/** Links to the heatmaps that this run draws as pictures: those of test patients whose instances have coordinates. */
function heatmapLinks(
  { inputs, config }: StageContext,
  features: readonly Features[],
  patients: readonly Patient[],
): readonly HeatmapLink[] {
  const trained = config.modalities.filter((modality) =>
    inputs.all('stage1').some(({ unit }) => unit.modality === modality),
  );
  const [split] = inputs.all('split');
  const folds = split?.json(splitsFile, splitsSchema).folds ?? [];
  const indices = new Map(features.map(({ artifact, index }) => [artifact, index]));
  const placed = ({ artifact, start }: Segment): boolean =>
    indices.get(artifact)?.bags.some((bag) => bag.start === start && bag.rows > 0 && bag.coords !== null) ??
    false;
  return trained.flatMap((modality) =>
    patients.flatMap(({ id, y, bags }) => {
      const fold = folds.findIndex(({ test }) => test.includes(id));
      if (fold < 0 || bags[modality]?.some(placed) !== true) return [];
      const path = heatmapPath({ modality }, `${heatmapName(modality, id, fold, config.cv.mode)}.png`);
      return [{ modality, patient: id, y, path }];
    }),
  );
}
