import { z } from 'zod';

/** How the instances of a bag are stored. */
export const precisions = ['float32', 'float16'] as const;
export type Precision = (typeof precisions)[number];

/**
 * Name of the file of an `embed` artifact that holds all instances, by precision: raw little-endian numbers, row after
 * row.
 */
export const featuresFiles = { float32: 'features.f32', float16: 'features.f16' } as const satisfies Record<
  Precision,
  string
>;
export const bagIndexFile = 'bags.json';
/**
 * The position of each instance: raw float32 [rows, 2], x and y of its upper left corner. Absent if no bag has
 * coordinates.
 */
export const bagCoordsFile = 'coords.f32';

const bagSchema = z.strictObject({
  /**
   * The patient of the bag. Null if the name of the image does not give the patient. The cohort leaves such a bag out.
   */
  patient: z.string().nullable(),
  /** The origin of the rows: "primary" or "lymph" for slides, the stain for cores. */
  source: z.string(),
  /** The image of the rows: stem of the slide, core or feature file, or the key in an npz. */
  image: z.string(),
  /** First row and number of rows in the features file. */
  start: z.number().int().min(0),
  rows: z.number().int().min(0),
  /** Unit of the coordinates of these rows, and side length of an instance. Null if the rows have no coordinates. */
  coords: z
    .strictObject({
      /** level-0 pixels, or micrometres (STAMP). */
      unit: z.enum(['px', 'um']),
      /** Side length of an instance in `unit`. Null if unknown. */
      side: z.number().positive().nullable(),
    })
    .nullable(),
  /**
   * Micrometres per pixel of the tiles that the encoder received (before it scaled them to its own size). Null if
   * unknown.
   */
  mpp: z.number().positive().nullable(),
  /**
   * A hash that is equal for bags of equal values, whatever file they come from. Absent for a bag of zeros or without
   * rows.
   */
  digest: z.string().optional(),
});

/** The index that `embed` writes beside the features: which rows belong to which patient. */
export const bagIndexSchema = z.strictObject({
  /**
   * Tool or format that wrote the file, as detected ("clam", "npz-vector", ...), or "slide" and "cores" for encoded
   * images.
   */
  dialect: z.string(),
  /** The encoder that computed the features. Null if the file does not name it. */
  encoder: z.string().nullable(),
  precision: z.enum(precisions),
  /** Number of values in one instance. */
  width: z.number().int().positive(),
  /** Names of slides or patients in the content of the file. The user is warned if they contradict the file name. */
  says: z.array(z.string()).optional(),
  bags: z.array(bagSchema),
});
export type BagIndex = z.infer<typeof bagIndexSchema>;
export type IndexedBag = z.infer<typeof bagSchema>;
