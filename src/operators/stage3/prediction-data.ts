import { z } from 'zod';

export const predictionsFile = 'predictions.json';

/** The score of one patient in one fold. */
export const predictionSchema = z.strictObject({
  patient: z.string(),
  split: z.enum(['train', 'val', 'test']),
  y: z.union([z.literal(0), z.literal(1)]),
  /** Logit and probability of the positive outcome, for example "deceased". */
  logit: z.number(),
  p: z.number(),
  /** False if the patient has none of the modalities that the method reads. The score is then the base rate. */
  observed: z.boolean(),
});
export type Prediction = z.infer<typeof predictionSchema>;
/** The output of `stage3`: validation and test patients in cohort order. */
export const predictionsSchema = z.array(predictionSchema);
