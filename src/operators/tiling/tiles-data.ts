import { z } from 'zod';

/** All tiles of a `tile` artifact: raw little-endian int32 [rows, 2], level-0 x and y of the upper left corner. */
export const tileCoordsFile = 'coords.i32';
export const tileSetFile = 'tiles.json';
/** One small picture that shows all images of the artifact, for the contact sheet of the report. */
export const sheetFile = 'sheet.jpg';
/** The coordinates of a slide in the format of CLAM, for other tools. Only for slides. */
export const clamCoordsFile = (image: number): string => (image === 0 ? 'coords.h5' : `coords-${image}.h5`);

/** The picture of image k of the artifact, without anything drawn on it. */
export const thumbnailFile = (image: number): string => `thumbnail-${image}.jpg`;
/**
 * The maximum number of images of an artifact whose pictures the heatmaps and the run directory show. A patient of
 * HANCOCK has at most 16 cores. A slide file may have at most this many scenes.
 */
export const mostThumbnails = 64;
/** The thumbnail with contours, holes and grid. Only for slides. */
export const overlayFile = (image: number): string => `overlay-${image}.jpg`;
/**
 * The mask at the size of the segmentation: tissue white; pieces above the threshold that are too small grey; the
 * rest black. Only for slides.
 */
export const maskFile = (image: number): string => `mask-${image}.png`;
/** Contours in level-0 pixels, as QuPath reads them. Only for slides. */
export const contoursFile = (image: number): string => `contours-${image}.geojson`;

/** The files of a `tile` artifact that heatmaps read: tiles, contours, and the pictures on which attention is drawn. */
export const drawnTileFiles: readonly string[] = [
  tileSetFile,
  ...Array.from({ length: mostThumbnails }, (_, image) => [contoursFile(image), thumbnailFile(image)]).flat(),
];

export const segmentationSchema = z.strictObject({
  preset: z.string(),
  /** All settings that decided the segmentation. Each setting has the unit that method.md 3.1 states. */
  settings: z.record(z.string(), z.union([z.number(), z.boolean(), z.string(), z.null()])),
  /** The segmented level. `downsample` has the level-0 pixels per pixel of the segmented picture, along x and y. */
  level: z.number().int(),
  downsample: z.tuple([z.number(), z.number()]),
  contours: z.number().int(),
  holes: z.number().int(),
  /** Area of the tissue as a fraction of the image. */
  tissueShare: z.number(),
});
export type Segmentation = z.infer<typeof segmentationSchema>;

/** All settings that decided the segmentation on one line: "sthresh=8 useOtsu=false ...". */
export const settingsText = ({ settings }: Segmentation): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${value ?? 'none'}`)
    .join(' ');

/** How a tile is read: `readPx` pixels of `level` are scaled to `sizePx`; they cover `level0Px` pixels of level 0. */
export const tileGeometrySchema = z.strictObject({
  sizePx: z.number().int().positive(),
  level: z.number().int().min(0),
  readPx: z.number().int().positive(),
  level0Px: z.number().int().positive(),
  stepLevel0Px: z.number().int().positive(),
  /** True micrometres per pixel of the tile after scaling to `sizePx`. Null if it is unknown. */
  mpp: z.number().positive().nullable(),
  /**
   * The only tile is the whole image, scaled to `sizePx` x `sizePx` (Lanczos) whatever its shape (method.md 2.6,
   * 3.3). Then `readPx`, `level0Px` and `stepLevel0Px` are the longer side of the image.
   */
  whole: z.literal(true).exactOptional(),
});
export type TileGeometry = z.infer<typeof tileGeometrySchema>;

/**
 * The mean of the pixel sizes along x and y. In slides that are tiled, the two sizes differ by at most a few per cent.
 */
export const meanMpp = ({ x, y }: { readonly x: number; readonly y: number }): number => (x + y) / 2;

/** The result of tiling one image. */
export const tiledImageSchema = z.strictObject({
  /** Stem of the file name. */
  id: z.string(),
  /** Path relative to the data root. */
  file: z.string(),
  /** Number of the image in a file with several images; absent for a file with one. */
  scene: z.number().int().positive().exactOptional(),
  /**
   * For a core on a slide: the rectangle of the core in level-0 pixels of the slide. Coordinates of tiles count from
   * the upper left corner of this rectangle.
   */
  region: z
    .strictObject({
      x: z.number().int().min(0),
      y: z.number().int().min(0),
      width: z.number().int().positive(),
      height: z.number().int().positive(),
    })
    .exactOptional(),
  patient: z.string().nullable(),
  /** "primary" or "lymph" for slides, the stain for cores. */
  source: z.string(),
  /** ok: it has tiles; empty: no tissue; failed: it cannot be used. */
  outcome: z.enum(['ok', 'empty', 'failed']),
  reason: z.string().nullable(),
  /** Facts about the image itself. Null if the image could not be opened. */
  image: z
    .strictObject({
      vendor: z.string(),
      route: z.enum(['strips', 'tiles', 'openslide']),
      width: z.number().int(),
      height: z.number().int(),
      levels: z.array(
        z.strictObject({ width: z.number().int(), height: z.number().int(), downsample: z.number() }),
      ),
      mpp: z.strictObject({ x: z.number(), y: z.number(), source: z.string() }).nullable(),
      magnification: z.number().nullable(),
      compression: z.string(),
    })
    .nullable(),
  segmentation: segmentationSchema.nullable(),
  tile: tileGeometrySchema.nullable(),
  /** The first row of this image in coords.i32, and its number of rows. */
  start: z.number().int().min(0),
  rows: z.number().int().min(0),
});
export type TiledImage = z.infer<typeof tiledImageSchema>;

/** The output of `tile`: one slide, or the cores of one patient. Images are in the order of method.md 2.5, 2.6. */
export const tileSetSchema = z.strictObject({ images: z.array(tiledImageSchema) });
export type TileSet = z.infer<typeof tileSetSchema>;
