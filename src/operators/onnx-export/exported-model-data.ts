import { z } from 'zod';
import { bundleModalitySchema } from '../bundle/bundle-data.js';
import { survivalModelSchema } from '../survival/survival-model.js';

/** The file that a program needs besides the ONNX files of the folds. */
export const exportedModelFile = 'model.json';
export const exportedFoldFile = (fold: number): string => `fold-${fold}.onnx`;

/** The version of the format of `model.json`. */
export const exportedModelVersion = 2;

const [tableSchema, bagSchema] = bundleModalitySchema.options;

export const exportedColumnSchema = z.strictObject({
  name: z.string(),
  /** The number that the model reads for each word of a column of words. Null for a column of numbers. */
  codes: z.record(z.string(), z.number()).nullable(),
});
export type ExportedColumn = z.infer<typeof exportedColumnSchema>;

export const exportedModelSchema = z.strictObject({
  format: z.literal('haf-pipeline onnx'),
  schema: z.literal(exportedModelVersion),
  method: z.strictObject({ id: z.string(), title: z.string() }),
  run: z.string(),
  licence: z.string().nullable(),
  outcome: z.strictObject({
    kind: z.enum(['binary', 'timeToEvent']),
    positive: z.string(),
    negative: z.string(),
    /**
     * The horizons in years for which the output `prediction` has S(t), the probability of no event until t. Empty for
     * a binary outcome.
     */
    horizons: z.array(z.number()),
  }),
  /** Inputs of the ONNX files, in the order of the columns of the input `open`. */
  modalities: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({
        ...tableSchema.pick({ id: true, kind: true }).shape,
        /** Whether a patient without a row is treated as one whose cells are all missing, as in training. */
        imputed: z.boolean(),
        /** The columns of the table, in the order of the numbers of the input. */
        columns: z.array(exportedColumnSchema),
      }),
      z.strictObject(bagSchema.pick({ id: true, kind: true, width: true, encoders: true, mpp: true }).shape),
    ]),
  ),
  folds: z.array(
    z.strictObject({
      /** Name of the ONNX file of the fold. */
      file: z.string(),
      /** A patient is classified as positive from this calibrated probability on. Null for time-to-event and without calibration. */
      threshold: z.number().nullable(),
      /**
       * The data to compute S(t), the probability of no event until t, for any time from the logits. Null for a binary
       * outcome.
       */
      survival: survivalModelSchema.nullable(),
    }),
  ),
});
export type ExportedModel = z.infer<typeof exportedModelSchema>;
