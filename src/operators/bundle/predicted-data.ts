import { z } from 'zod';

export const scoresFile = 'scores.json';
/**
 * For each bag modality: mean, and sums of squared deviations from it, of the mean instances of the new patients
 * (bag-spread.ts).
 */
export const spreadFile = 'spread.safetensors';
/**
 * The attention of the models, if requested: `<modality>.scores` float32, for each instance the mean over the folds of its fraction
 * of the bag's attention. The instances of patient i of `scores.json` are at `<modality>.offsets` (int32) i to i + 1.
 */
export const newAttentionFile = 'attention.safetensors';
export const predictedFile = 'predictions.json';

/** One number for the model of each fold. */
const perFold = z.array(z.number());

/** The predictions of the models of a bundle for one new patient. */
export const scoredPatientSchema = z.strictObject({
  patient: z.string(),
  /**
   * Modalities of the patient that the model used, in the order of the model. Empty if the prediction is the base rate.
   */
  modalities: z.array(z.string()),
  /** Outputs of each fold's model: logits, or the inputs of its survival model. */
  outputs: z.array(z.array(z.number())),
  /** Calibrated probability of the positive outcome by each fold's model. Null for time-to-event. */
  probabilities: perFold.nullable(),
  /** Survival at each horizon by each fold's model, [horizons, folds]. Null for a binary outcome. */
  survival: z.array(perFold).nullable(),
  /**
   * The contribution of each modality: the prediction with all modalities minus the prediction without this one. The prediction is
   * the probability of the positive outcome, or, for time-to-event, of the event by the last horizon. Null if the patient or the
   * method has no other modality.
   */
  contributions: z.record(z.string(), z.number().nullable()),
  /** What distinguishes the patient from the training patients and may make the prediction wrong, in sentences. */
  flags: z.array(z.string()),
});
export type ScoredPatient = z.infer<typeof scoredPatientSchema>;

/** The output of one `predict` job: the predictions for the patients of this job, sorted by id. */
export const scoresSchema = z.array(scoredPatientSchema);

/** The predicted outcome. The names of the two classes are those of the training run. */
export const predictedOutcomeSchema = z.strictObject({
  kind: z.enum(['binary', 'timeToEvent']),
  positive: z.string(),
  negative: z.string(),
  /** Times in years for which survival is predicted. Only for time-to-event. */
  horizons: z.array(z.number()),
});

/** The output of `predictions`: all patients, with the expected performance of each prediction. */
export const predictedSchema = z.strictObject({
  method: z.strictObject({ id: z.string(), title: z.string() }),
  outcome: predictedOutcomeSchema,
  metric: z.enum(['auc', 'c']),
  patients: z.array(
    scoredPatientSchema.extend({
      /**
       * Mean AUC or C that the method had on test patients, given only the modalities that it used for this patient.
       * Null if unknown.
       */
      expected: z.number().nullable(),
    }),
  ),
});
export type Predicted = z.infer<typeof predictedSchema>;
