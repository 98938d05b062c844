import { HafError } from '../../pipeline/core/errors.js';
import type { SourceFile, StageContext } from '../../pipeline/stage.js';
import {
  tileCoordsFile,
  tileSetFile,
  tileSetSchema,
  type TiledImage,
  type TileGeometry,
} from '../tiling/tiles-data.js';

/** An image with tiles, and its path on this machine. */
export interface EncodableImage extends TiledImage {
  readonly slide: SourceFile;
  readonly patient: string | null;
  readonly tile: TileGeometry;
}

/** The images and tiles to encode. */
export interface TiledImages {
  /** The images, in the order of the `tile` artifact, without images that `tile` reported as empty or unusable. */
  readonly images: readonly EncodableImage[];
  /** Level-0 x and y of all tiles of the artifact, [rows, 2]. */
  readonly coords: Int32Array;
}

const broken = (what: string): HafError =>
  new HafError('HAF_INTERNAL', what, 'Please report it with the log of the run.');

/** The images and tiles of the `tile` artifact among the inputs of an `embed` job. */
export function tiledImages({ inputs, sources }: StageContext): TiledImages {
  const artifact = inputs.one('tile');
  // The bytes of a small file may begin anywhere in a larger buffer, but an Int32Array needs an aligned start. So the
  // bytes are copied.
  const coords = new Int32Array(new Uint8Array(artifact.bytes(tileCoordsFile)).buffer);
  const images = artifact
    .json(tileSetFile, tileSetSchema)
    .images.filter(({ outcome }) => outcome === 'ok')
    .map((image): EncodableImage => {
      const slide = sources.find(({ name }) => name === image.file);
      const { tile } = image;
      if (slide === undefined || tile === null)
        throw broken(`${image.file} has tiles, but its source or geometry is not known.`);
      if ((image.start + image.rows) * 2 > coords.length)
        throw broken(`${image.file} has more tiles than ${tileCoordsFile} has rows.`);
      return { ...image, slide, tile };
    });
  return { images, coords };
}
