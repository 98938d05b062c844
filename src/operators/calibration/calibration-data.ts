import { z } from 'zod';

/** The file that `evaluate` writes beside the metrics of a binary outcome. */
export const calibrationFile = 'calibration.json';
export const calibratedFile = 'calibrated.csv';

/** A map from logit to probability (method.md 9.6). It is plain data, so that a bundle can contain it. */
export const calibrationMapSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  /** Platt scaling: probability = `1 / (1 + exp(-(slope * logit + intercept)))` */
  z.strictObject({ kind: z.literal('platt'), slope: z.number(), intercept: z.number() }),
  /**
   * Isotonic regression: knots with ascending logits and non-decreasing probabilities `p`. The map is linear between
   * knots and constant outside of them.
   */
  z.strictObject({
    kind: z.literal('isotonic'),
    knots: z.array(z.strictObject({ logit: z.number(), p: z.number().min(0).max(1) })).min(1),
  }),
  /** Temperature scaling: probability = `1 / (1 + exp(-logit / temperature))` */
  z.strictObject({ kind: z.literal('temperature'), temperature: z.number().positive() }),
]);
export type CalibrationMap = z.infer<typeof calibrationMapSchema>;
export type CalibrationKind = CalibrationMap['kind'];

/** The calibration of one fold and method, fitted on its validation patients. */
export const foldCalibrationSchema = z.strictObject({
  fold: z.number().int(),
  method: z.string(),
  /** The requested calibration. `map` is `none` if it could not be fitted. */
  asked: z.enum(['none', 'platt', 'isotonic', 'temperature']),
  map: calibrationMapSchema,
  /** A patient is classified as positive if the calibrated probability is at least this threshold. */
  threshold: z.number(),
  /**
   * Number of validation patients that the map is fitted on: the patients with at least one modality of the method.
   */
  patients: z.number().int(),
  positive: z.number().int(),
  /** Why the map is `none`, or notes that a reader needs. */
  notes: z.array(z.string()),
});
export type FoldCalibration = z.infer<typeof foldCalibrationSchema>;
