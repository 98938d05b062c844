import { z } from 'zod';

/**
 * `vectors.safetensors` of a `preprocess` artifact, for one table modality: a float32 tensor `values` of shape
 * [patients, d_m] in cohort order (rows of absent patients are zeros) and a uint8 tensor `mask` of shape [patients], 1
 * if the row may be read.
 */
export const vectorsFile = 'vectors.safetensors';
export const fittedFile = 'fitted.json';

export const fittedColumnSchema = z.strictObject({
  name: z.string(),
  kind: z.enum(['binary', 'nominal', 'ordinal', 'numeric']),
  /** Nominal columns: the categories. An encoded row has one number for each category. */
  categories: z.array(z.string()).readonly().optional(),
  /** Replaces missing cells. For a nominal column it is the position of a category. */
  fill: z.number(),
  /** Encoded value = (x - offset) / scale. Absent for nominal and binary columns. */
  offset: z.number().optional(),
  scale: z.number().optional(),
  /** Nominal columns: the known categories; any other cell becomes the fill. If absent, all categories are known. */
  known: z.array(z.number().int()).readonly().optional(),
  /** The interval that values are clipped to before scaling. */
  range: z.tuple([z.number(), z.number()]).optional(),
});
export type FittedColumn = z.infer<typeof fittedColumnSchema>;

/**
 * All parameters that `preprocess` fitted on the training patients of the fold. Columns that were not chosen are
 * absent.
 */
export const fittedSchema = z.strictObject({ columns: z.array(fittedColumnSchema) });
export type Fitted = z.infer<typeof fittedSchema>;
