import { z } from 'zod';
import { survivalModelSchema } from './survival-model.js';

/** Predictions of a time-to-event outcome. A job writes this file in place of `predictions.json`. */
export const survivalPredictionsFile = 'survival.json';

/** The prediction for one patient in one fold. */
export const survivalPredictionSchema = z.strictObject({
  patient: z.string(),
  split: z.enum(['train', 'val', 'test']),
  /** Days to the event or the last contact. */
  time: z.number(),
  event: z.union([z.literal(0), z.literal(1)]),
  /** Outputs of the model, which `model` converts to a curve. */
  outputs: z.array(z.number()),
  /** A higher risk means an earlier event. Only risks of the same fold may be compared. */
  risk: z.number(),
  /**
   * False if the method had none of its modalities for this patient. The patient then has the curve of all training
   * patients.
   */
  observed: z.boolean(),
});
export type SurvivalPrediction = z.infer<typeof survivalPredictionSchema>;

/**
 * The output of `stage3` and `joint` for time-to-event: all patients of the fold in cohort order. Training patients are
 * included, because they define the cuts of risk groups.
 */
export const survivalPredictionsSchema = z.strictObject({
  model: survivalModelSchema,
  patients: z.array(survivalPredictionSchema),
  /** Notes for the user about the time bins of the model. */
  notes: z.array(z.string()),
});
export type SurvivalPredictions = z.infer<typeof survivalPredictionsSchema>;
