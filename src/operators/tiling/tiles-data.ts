import { z } from 'zod';

/** All tiles of a `tile` artifact: raw little-endian int32 [rows, 2], level-0 x and y of the upper left corner. */
export const tileCoordsFile = 'coords.i32';
export const tileSetFile = 'tiles.json';
/** A small picture of everything in the artifact, for the contact sheet. */
export const sheetFile = 'sheet.jpg';
/** The coordinates of a slide in the layout of CLAM, for other tools. Slides only. */
export const clamCoordsFile = (image: number): string => (image === 0 ? 'coords.h5' : `coords-${image}.h5`);

/** Picture of image k of the artifact without anything drawn on it. */
export const thumbnailFile = (image: number): string => `thumbnail-${image}.jpg`;
/**
 * So many images of an artifact have pictures that are opened later on: a patient of HANCOCK has at most 16 cores. A slide file has at
 * most so many scenes.
 */
export const mostThumbnails = 64;
/** The thumbnail with contours, holes and grid. Slides only. */
export const overlayFile = (image: number): string => `overlay-${image}.jpg`;
/** At the size of the segmentation: tissue white, what passed the threshold but is too small grey, the rest black. Slides only. */
export const maskFile = (image: number): string => `mask-${image}.png`;
/** Contours in level-0 pixels as QuPath reads them. Slides only. */
export const contoursFile = (image: number): string => `contours-${image}.geojson`;

/** What pictures of attention are drawn on. */
export const drawnTileFiles: readonly string[] = [
  tileSetFile,
  ...Array.from({ length: mostThumbnails }, (_, image) => [contoursFile(image), thumbnailFile(image)]).flat(),
];

export const segmentationSchema = z.strictObject({
  preset: z.string(),
  /** Everything that decided, thresholds in their own units (method.md 3.1). */
  settings: z.record(z.string(), z.union([z.number(), z.boolean(), z.string(), z.null()])),
  /** Level segmented, and its level-0 pixels per pixel. */
  level: z.number().int(),
  downsample: z.tuple([z.number(), z.number()]),
  contours: z.number().int(),
  holes: z.number().int(),
  /** Area of the tissue as a share of the image. */
  tissueShare: z.number(),
});
export type Segmentation = z.infer<typeof segmentationSchema>;

/** Everything that decided, in a line: "sthresh=8 useOtsu=false ...". */
export const settingsText = ({ settings }: Segmentation): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${value ?? 'none'}`)
    .join(' ');

/** How a tile is read: `readPx` pixels of `level`, scaled to `sizePx`, which stand for `level0Px` of level 0. */
export const tileGeometrySchema = z.strictObject({
  sizePx: z.number().int().positive(),
  level: z.number().int().min(0),
  readPx: z.number().int().positive(),
  level0Px: z.number().int().positive(),
  stepLevel0Px: z.number().int().positive(),
  /** True micrometres per pixel of the tile after scaling to `sizePx`; null when the slide does not say. */
  mpp: z.number().positive().nullable(),
  /**
   * The only tile is the whole image, scaled to `sizePx` x `sizePx` (Lanczos) whatever its shape (method.md 2.6, 3.3).
   * `readPx`, `level0Px` and `stepLevel0Px` are its longer side then.
   */
  whole: z.literal(true).exactOptional(),
});
export type TileGeometry = z.infer<typeof tileGeometrySchema>;

/** One size for both directions of a pixel; they differ by a few per cent at most where tiles are laid. */
export const meanMpp = ({ x, y }: { readonly x: number; readonly y: number }): number => (x + y) / 2;

/** How the tiling of one image ended. */
export const tiledImageSchema = z.strictObject({
  /** Stem of the file name. */
  id: z.string(),
  /** Path below the data root. */
  file: z.string(),
  /** Which image of a file with several it is; absent for a file with one. */
  scene: z.number().int().positive().exactOptional(),
  /** The part of the slide that is this core, in its level-0 pixels; coordinates count from its corner. */
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
  /** Null when it could not be opened. */
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
  /** Its rows in coords.i32. */
  start: z.number().int().min(0),
  rows: z.number().int().min(0),
});
export type TiledImage = z.infer<typeof tiledImageSchema>;

/** What `tile` writes: one slide, or the cores of one patient. Images in the order of method.md 2.5, 2.6. */
export const tileSetSchema = z.strictObject({ images: z.array(tiledImageSchema) });
export type TileSet = z.infer<typeof tileSetSchema>;
