import { HafError } from '../../pipeline/core/errors.js';
import type { Artifact } from '../../pipeline/stage.js';
import type { Segment } from '../cohort/cohort-data.js';
import {
  bagCoordsFile,
  bagIndexFile,
  bagIndexSchema,
  type BagIndex,
  type IndexedBag,
} from '../features/bag-index.js';
import { tissueContoursSchema, type TissueContours } from '../tiling/contours-geojson.js';
import {
  contoursFile,
  mostThumbnails,
  thumbnailFile,
  tileSetFile,
  tileSetSchema,
  type TiledImage,
} from '../tiling/tiles-data.js';

/** A reduced picture of an image, on which attention is drawn, and the size of the image in level-0 pixels. */
export interface Thumbnail {
  /** The bytes of the picture as a JPEG file. */
  readonly encoded: () => Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Facts about an image from its tiling, in level-0 pixels. */
export interface TilingFacts {
  readonly width: number;
  readonly height: number;
  /** Whether the image has only one tile, which covers the whole image, square or not. */
  readonly whole: boolean;
  /** Number of the image in a file with several images; absent for a file with one. */
  readonly scene?: number;
  /** For a core: its upper left corner on the slide. QuPath counts positions from the corner of the slide. */
  readonly corner?: { readonly x: number; readonly y: number };
  /** Outlines of the tissue. Null if no tissue was searched: for cores, and for tiles whose positions the user gave. */
  readonly tissue: () => TissueContours | null;
}

/** A slide, core or feature file of a patient's bag: which rows of the bag come from it, and their positions. */
export interface AttendedImage {
  readonly image: string;
  readonly source: string;
  /** The first row of this image in the patient's bag, and the number of its rows. */
  readonly start: number;
  readonly rows: number;
  /**
   * Upper left corners of the instances, [rows, 2] in `unit`, and the side length of an instance (null if unknown).
   * Null if the positions of the instances are unknown.
   */
  readonly coords: (NonNullable<IndexedBag['coords']> & { readonly values: Float32Array }) | null;
  /** The picture on which attention is drawn. Null if none is stored, for example if the features came as files. */
  readonly thumbnail: Thumbnail | null;
  /** How the image was tiled. Null if the features came as files, without images. */
  readonly tiling: TilingFacts | null;
}

/** Finds the images of the rows of a bag, from the artifacts of `embed` and `tile`. Slides are never opened. */
export class AttendedImages {
  private readonly embed: ReadonlyMap<string, Artifact>;
  private readonly tile: ReadonlyMap<string, Artifact>;
  private readonly indices = new Map<string, BagIndex>();

  constructor(embed: readonly Artifact[], tile: readonly Artifact[]) {
    this.embed = new Map(embed.map((artifact) => [artifact.id, artifact]));
    this.tile = new Map(tile.map((artifact) => [coverageOf(artifact), artifact]));
  }

  /**
   * The images of a patient in the order of the bag; `segments` are the bag's segments.
   *
   * @throws HafError HAF_STORE_CORRUPT if the artifacts contradict each other
   */
  of(patient: string, segments: readonly Segment[]): readonly AttendedImage[] {
    let start = 0;
    return segments.map(({ artifact, start: first, rows }) => {
      const embed = this.embed.get(artifact);
      if (embed === undefined) throw new Error(`The job was not given the feature artifact ${artifact}`);
      const index = this.indexOf(embed);
      const bag = index.bags.find(
        (one) => one.patient === patient && one.start === first && one.rows === rows,
      );
      if (bag === undefined)
        throw misfit(
          embed,
          `${bagIndexFile} has no bag of patient ${patient} in rows ${first} to ${first + rows}`,
        );
      const { image, source } = bag;
      const coords = coordsOf(embed, index, bag);
      const found = coords === null ? null : this.tiledOf(embed, bag);
      const attended = {
        ...{ image, source, start, rows, coords },
        thumbnail: found === null ? null : thumbnailOf(found),
        tiling: found === null ? null : tilingOf(found),
      };
      start += rows;
      return attended;
    });
  }

  private indexOf(embed: Artifact): BagIndex {
    const index = this.indices.get(embed.id) ?? embed.json(bagIndexFile, bagIndexSchema);
    this.indices.set(embed.id, index);
    return index;
  }

  private tiledOf(embed: Artifact, bag: IndexedBag): Tiled | null {
    const tile = this.tile.get(coverageOf(embed));
    if (tile === undefined) return null;
    const { images } = tile.json(tileSetFile, tileSetSchema);
    const at = images.findIndex(({ id, source }) => id === bag.image && source === bag.source);
    const tiled = images[at];
    if (tiled === undefined || tiled.rows < bag.rows)
      throw misfit(
        tile,
        `${tileSetFile} has ${tiled?.rows ?? 0} tiles of ${bag.image}, of which ${bag.rows} instances were made`,
      );
    return { tile, at, tiled };
  }
}

/** An image with its position in a `tile` artifact. */
interface Tiled {
  readonly tile: Artifact;
  readonly at: number;
  readonly tiled: TiledImage;
}

function thumbnailOf({ tile, at, tiled: { image } }: Tiled): Thumbnail | null {
  if (image === null || at >= mostThumbnails) return null;
  return { encoded: () => tile.bytes(thumbnailFile(at)), width: image.width, height: image.height };
}

function tilingOf({
  tile,
  at,
  tiled: { image, segmentation, scene, region, tile: geometry },
}: Tiled): TilingFacts | null {
  if (image === null) return null;
  return {
    width: image.width,
    height: image.height,
    whole: geometry?.whole === true,
    ...(scene === undefined ? {} : { scene }),
    ...(region === undefined ? {} : { corner: { x: region.x, y: region.y } }),
    tissue: () => (segmentation === null ? null : tile.json(contoursFile(at), tissueContoursSchema)),
  };
}

/** A key that is equal for the jobs that tile an image and encode its tiles: both cover the same file or patient. */
const coverageOf = ({ unit }: Artifact): string => JSON.stringify([unit.file ?? null, unit.patient ?? null]);

function coordsOf(embed: Artifact, index: BagIndex, bag: IndexedBag): AttendedImage['coords'] {
  if (bag.coords === null) return null;
  const bytes = Uint8Array.from(embed.bytes(bagCoordsFile));
  const rows = index.bags.reduce((most, { start, rows }) => Math.max(most, start + rows), 0);
  if (bytes.byteLength !== rows * 2 * Float32Array.BYTES_PER_ELEMENT)
    throw misfit(embed, `${bagCoordsFile} has ${bytes.byteLength} bytes for ${rows} rows`);
  const values = new Float32Array(bytes.buffer).subarray(2 * bag.start, 2 * (bag.start + bag.rows));
  return { ...bag.coords, values };
}

/** The error of an artifact that contradicts another one. */
export const misfit = ({ id }: Artifact, what: string): HafError =>
  new HafError(
    'HAF_STORE_CORRUPT',
    `Artifact ${id.slice(0, 12)}: ${what}.`,
    'Delete the artifact and run again.',
    { context: { artifact: id } },
  );
