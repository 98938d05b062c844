import { z } from 'zod';

export const scoresFile = 'scores.json';
/** Mean and spread of the patients' mean instances, of each bag modality (bag-spread.ts). */
export const spreadFile = 'spread.safetensors';
/**
 * Where the models looked, when asked for: `<modality>.scores` float32, for each instance the mean over the folds of its share of the
 * attention of its bag; patient i of `scores.json` has `<modality>.offsets` (int32) i to i + 1.
 */
export const newAttentionFile = 'attention.safetensors';
export const predictedFile = 'predictions.json';

/** A number of each fold's model. */
const perFold = z.array(z.number());

/** What the models of a bundle say of one new patient. */
export const scoredPatientSchema = z.strictObject({
  patient: z.string(),
  /** Modalities that the model saw of the patient, in its order; empty for the base rate. */
  modalities: z.array(z.string()),
  /** Outputs of each fold's model: logits, or what its survival model reads. */
  outputs: z.array(z.array(z.number())),
  /** Calibrated probability of the positive outcome by each fold's model; null for time-to-event. */
  probabilities: perFold.nullable(),
  /** Survival at each horizon by each fold's model, [horizons, folds]; null for a binary outcome. */
  survival: z.array(perFold).nullable(),
  /**
   * What each modality adds: the prediction with everything minus the prediction without it. Probability of the positive outcome; for
   * time-to-event, of the event until the last horizon. Null where the patient or the method has nothing else.
   */
  contributions: z.record(z.string(), z.number().nullable()),
  /** What looks wrong, in sentences. */
  flags: z.array(z.string()),
});
export type ScoredPatient = z.infer<typeof scoredPatientSchema>;

/** What `predict` writes: its share of the patients, sorted by id. */
export const scoresSchema = z.array(scoredPatientSchema);

/** What is predicted, in the words of the training. */
export const predictedOutcomeSchema = z.strictObject({
  kind: z.enum(['binary', 'timeToEvent']),
  positive: z.string(),
  negative: z.string(),
  /** Years at which survival is given; time-to-event alone. */
  horizons: z.array(z.number()),
});

/** What `predictions` writes: everybody, with what the prediction is worth. */
export const predictedSchema = z.strictObject({
  method: z.strictObject({ id: z.string(), title: z.string() }),
  outcome: predictedOutcomeSchema,
  metric: z.enum(['auc', 'c']),
  patients: z.array(
    scoredPatientSchema.extend({
      /** Mean AUC or C of test patients of the training with these modalities; null when it is not known. */
      expected: z.number().nullable(),
    }),
  ),
});
export type Predicted = z.infer<typeof predictedSchema>;
