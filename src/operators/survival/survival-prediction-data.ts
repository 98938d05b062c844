import { z } from 'zod';
import { survivalModelSchema } from './survival-model.js';

/** Predictions of a time-to-event outcome, beside or in place of `predictions.json`. */
export const survivalPredictionsFile = 'survival.json';

/** One patient in one fold. */
export const survivalPredictionSchema = z.strictObject({
  patient: z.string(),
  split: z.enum(['train', 'val', 'test']),
  /** Days to the event or the last contact. */
  time: z.number(),
  event: z.union([z.literal(0), z.literal(1)]),
  /** Outputs of the model, which `model` turns into a curve. */
  outputs: z.array(z.number()),
  /** Higher: earlier event. Comparable within the fold alone. */
  risk: z.number(),
  /** False when the method saw none of its modalities for this patient, who then has the curve of all training patients. */
  observed: z.boolean(),
});
export type SurvivalPrediction = z.infer<typeof survivalPredictionSchema>;

/** What `stage3` and `joint` write for time-to-event: all patients of the fold in cohort order; training patients cut risk groups. */
export const survivalPredictionsSchema = z.strictObject({
  model: survivalModelSchema,
  patients: z.array(survivalPredictionSchema),
  /** What became of the time bins. */
  notes: z.array(z.string()),
});
export type SurvivalPredictions = z.infer<typeof survivalPredictionsSchema>;
