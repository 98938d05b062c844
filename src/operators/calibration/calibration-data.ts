import { z } from 'zod';

/** What `evaluate` writes beside the metrics of a binary outcome. */
export const calibrationFile = 'calibration.json';
export const calibratedFile = 'calibrated.csv';

/** A map from logit to probability (method.md 9.6); plain data, so that a bundle can carry it to new patients. */
export const calibrationMapSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  /** `1 / (1 + exp(-(slope * logit + intercept)))` */
  z.strictObject({ kind: z.literal('platt'), slope: z.number(), intercept: z.number() }),
  /** Knots with ascending logits and probabilities that never fall; linear between knots, constant outside of them. */
  z.strictObject({
    kind: z.literal('isotonic'),
    knots: z.array(z.strictObject({ logit: z.number(), p: z.number().min(0).max(1) })).min(1),
  }),
  /** `1 / (1 + exp(-logit / temperature))` */
  z.strictObject({ kind: z.literal('temperature'), temperature: z.number().positive() }),
]);
export type CalibrationMap = z.infer<typeof calibrationMapSchema>;
export type CalibrationKind = CalibrationMap['kind'];

/** The calibration of one fold and method, fitted on its validation patients. */
export const foldCalibrationSchema = z.strictObject({
  fold: z.number().int(),
  method: z.string(),
  /** What the experiment asks for; `map` is `none` where it could not be fitted. */
  asked: z.enum(['none', 'platt', 'isotonic', 'temperature']),
  map: calibrationMapSchema,
  /** A patient is called positive from this calibrated probability on. */
  threshold: z.number(),
  /** The validation patients it was fitted on: those whose modalities the method saw. */
  patients: z.number().int(),
  positive: z.number().int(),
  /** Why the map is `none`, or what a reader must know of it. */
  notes: z.array(z.string()),
});
export type FoldCalibration = z.infer<typeof foldCalibrationSchema>;
