import { z } from 'zod';

/**
 * `vectors.safetensors` of a `preprocess` artifact, of one table modality: a float32 tensor `values` of shape
 * [patients, d_m] in cohort order (rows of absent patients are zeros) and a uint8 tensor `mask` of shape [patients], 1 where
 * the row may be read.
 */
export const vectorsFile = 'vectors.safetensors';
export const fittedFile = 'fitted.json';

export const fittedColumnSchema = z.strictObject({
  name: z.string(),
  kind: z.enum(['binary', 'nominal', 'ordinal', 'numeric']),
  /** Nominal columns: the categories, one number each. */
  categories: z.array(z.string()).readonly().optional(),
  /** Fill for missing cells; of a nominal column the position of a category. */
  fill: z.number(),
  /** Encoded value = (x - offset) / scale; absent for nominal and binary columns. */
  offset: z.number().optional(),
  scale: z.number().optional(),
  /** Nominal columns: the categories that are told apart; any other cell becomes the fill. All of them when absent. */
  known: z.array(z.number().int()).readonly().optional(),
  /** The interval that values are moved into before scaling. */
  range: z.tuple([z.number(), z.number()]).optional(),
});
export type FittedColumn = z.infer<typeof fittedColumnSchema>;

/** Everything `preprocess` fitted on the training patients of the fold; columns that were not chosen are absent. */
export const fittedSchema = z.strictObject({ columns: z.array(fittedColumnSchema) });
export type Fitted = z.infer<typeof fittedSchema>;
