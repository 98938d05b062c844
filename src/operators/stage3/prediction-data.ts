import { z } from 'zod';

export const predictionsFile = 'predictions.json';

/** One patient's score in one fold. */
export const predictionSchema = z.strictObject({
  patient: z.string(),
  split: z.enum(['train', 'val', 'test']),
  y: z.union([z.literal(0), z.literal(1)]),
  /** Logit and probability of "deceased". */
  logit: z.number(),
  p: z.number(),
  /** False when the method saw none of its modalities for this patient and fell back on the base rate. */
  observed: z.boolean(),
});
export type Prediction = z.infer<typeof predictionSchema>;
/** What `stage3` writes: validation and test patients, cohort order. */
export const predictionsSchema = z.array(predictionSchema);
