import { z } from 'zod';
import { bundleModalitySchema } from '../bundle/bundle-data.js';
import { survivalModelSchema } from '../survival/survival-model.js';

/** What a program needs besides the ONNX files of the folds. */
export const exportedModelFile = 'model.json';
export const exportedFoldFile = (fold: number): string => `fold-${fold}.onnx`;

/** The layout of `model.json`. */
export const exportedModelVersion = 1;

const [tableSchema, bagSchema] = bundleModalitySchema.options;

/** How the value of a cell enters the vector of its row (`encodeRow`), with every default written out. */
export const exportedColumnSchema = z.strictObject({
  name: z.string(),
  kind: z.enum(['binary', 'nominal', 'ordinal', 'numeric']),
  /** The number of each word; null for a column whose values are numbers. */
  codes: z.record(z.string(), z.number()).nullable(),
  /** Numbers of the vector: one for each category of a nominal column, else 1. */
  width: z.number().int(),
  /** Stands for a missing value. */
  fill: z.number(),
  /** Any other number becomes the fill; null where all are told apart. */
  known: z.array(z.number()).nullable(),
  /** Values are moved into this interval, but for the fill. */
  range: z.tuple([z.number(), z.number()]).nullable(),
  /** Encoded value = (x - offset) / scale; a nominal column is one-hot. */
  offset: z.number(),
  scale: z.number(),
});
export type ExportedColumn = z.infer<typeof exportedColumnSchema>;

/** How a logit becomes a probability. */
export const exportedCalibrationSchema = z.discriminatedUnion('kind', [
  /** `1 / (1 + exp(-(slope * logit + intercept)))` */
  z.strictObject({ kind: z.literal('logistic'), slope: z.number(), intercept: z.number() }),
  /** Linear between these points, constant outside of them. */
  z.strictObject({
    kind: z.literal('isotonic'),
    logits: z.array(z.number()),
    probabilities: z.array(z.number()),
  }),
]);
export type ExportedCalibration = z.infer<typeof exportedCalibrationSchema>;

/** What S(t) at one horizon is, given the logits of a fold. */
export const horizonSchema = z.union([
  /** `exp(-sum_k weights[k] * log(1 + exp(logits[k])))` */
  z.strictObject({ years: z.number(), weights: z.array(z.number()) }),
  /** `exp(-exp(logHazard + logits[0]))`; 1 where it is null, before the first event of the training */
  z.strictObject({ years: z.number(), logHazard: z.number().nullable() }),
]);
export type Horizon = z.infer<typeof horizonSchema>;

export const exportedFoldSchema = z.strictObject({
  /** The ONNX file. */
  file: z.string(),
  /** For each table the columns that its input is made of, in order. */
  tables: z.record(z.string(), z.array(exportedColumnSchema)),
  /** Null for time-to-event. */
  calibration: exportedCalibrationSchema.nullable(),
  /** A patient is called positive from this calibrated probability on; null for time-to-event and without calibration. */
  threshold: z.number().nullable(),
  /** S(t) at any time; null for a binary outcome. */
  survival: survivalModelSchema.nullable(),
  /** S(t) at the horizons of the outcome; empty for a binary outcome. */
  horizons: z.array(horizonSchema),
  /** The prediction for a patient of whom the model sees nothing: the probability, or S(t) at each horizon. */
  unseen: z.array(z.number()),
});
export type ExportedFold = z.infer<typeof exportedFoldSchema>;

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
  }),
  /** Inputs of the ONNX files, in the order of the columns of the input `open`. */
  modalities: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({
        ...tableSchema.pick({ id: true, kind: true }).shape,
        /** Whether a patient without a row is read as one whose cells are all missing, as in training. */
        imputed: z.boolean(),
      }),
      z.strictObject(bagSchema.pick({ id: true, kind: true, width: true, encoders: true, mpp: true }).shape),
    ]),
  ),
  folds: z.array(exportedFoldSchema),
});
export type ExportedModel = z.infer<typeof exportedModelSchema>;
