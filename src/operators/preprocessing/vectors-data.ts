import { z } from 'zod';
import { tableModalities } from '../../pipeline/core/modality.js';

/**
 * `vectors.safetensors` of a `preprocess` artifact: for each table modality of the experiment a float32 tensor
 * `<modality>` of shape [patients, d_m] in cohort order (rows of absent patients are zeros) and a uint8 tensor
 * `<modality>.mask` of shape [patients], 1 where the row may be read.
 */
export const vectorsFile = 'vectors.safetensors';
export const fittedFile = 'fitted.json';

export const fittedColumnSchema = z.strictObject({
  name: z.string(),
  kind: z.enum(['binary', 'nominal', 'ordinal', 'numeric']),
  codes: z.array(z.number()).optional(),
  /** Fill for missing cells. */
  fill: z.number(),
  /** Encoded value = (x - offset) / scale; absent for nominal and binary columns. */
  offset: z.number().optional(),
  scale: z.number().optional(),
  /** Training range, for clipping. */
  range: z.tuple([z.number(), z.number()]).optional(),
});
export type FittedColumn = z.infer<typeof fittedColumnSchema>;

/** Everything `preprocess` fitted on the training patients of the fold. */
export const fittedSchema = z.partialRecord(z.enum(tableModalities), z.array(fittedColumnSchema));
export type Fitted = z.infer<typeof fittedSchema>;
