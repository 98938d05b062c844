import { z } from 'zod';

/** How the instances of a bag are stored. */
export const precisions = ['float32', 'float16'] as const;
export type Precision = (typeof precisions)[number];

/** Names of the raw little-endian file of an `embed` artifact: all instances, row after row. */
export const featuresFiles = { float32: 'features.f32', float16: 'features.f16' } as const satisfies Record<
  Precision,
  string
>;
export const bagIndexFile = 'bags.json';
/** Where each instance lies: raw float32 [rows, 2], x and y of its upper left corner; absent when no bag has coordinates. */
export const bagCoordsFile = 'coords.f32';

const bagSchema = z.strictObject({
  /** Null when the name of the image does not say; the cohort leaves such a bag out. */
  patient: z.string().nullable(),
  /** Where the rows come from: "primary" or "lymph" for slides, the stain for cores. */
  source: z.string(),
  /** What the rows are of: stem of the slide, core or feature file, or the key in an npz. */
  image: z.string(),
  /** First row and number of rows in the features file. */
  start: z.number().int().min(0),
  rows: z.number().int().min(0),
  /** What the coordinates of these rows mean; null when there are none. */
  coords: z
    .strictObject({
      /** level-0 pixels, or micrometres (STAMP). */
      unit: z.enum(['px', 'um']),
      /** Side of an instance in that unit, null when unknown. */
      side: z.number().positive().nullable(),
    })
    .nullable(),
  /** Micrometres per pixel at which the encoder saw the tiles (before it scaled them to its own size); null when unknown. */
  mpp: z.number().positive().nullable(),
  /** Equal for bags of equal values, whatever file they came from; absent for a bag of zeros or without rows. */
  digest: z.string().optional(),
});

/** What `embed` writes beside the features: which rows belong to whom. */
export const bagIndexSchema = z.strictObject({
  /** Tool or layout that wrote the file, as sniffed ("clam", "npz-vector", ...), or "slide" and "cores" for encoded images. */
  dialect: z.string(),
  /** Who made the features, as far as it is noted; null when nobody says. */
  encoder: z.string().nullable(),
  precision: z.enum(precisions),
  /** Length of one instance. */
  width: z.number().int().positive(),
  /** The slides or patients that the file says it is of. */
  says: z.array(z.string()).optional(),
  bags: z.array(bagSchema),
});
export type BagIndex = z.infer<typeof bagIndexSchema>;
export type IndexedBag = z.infer<typeof bagSchema>;
