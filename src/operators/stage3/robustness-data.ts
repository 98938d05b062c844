import { z } from 'zod';

/** Written by the training job of a fusion method, beside its predictions. */
export const robustnessFile = 'robustness.json';

const metric = z.number().nullable();
/** AUC and accuracy of a binary outcome; C of time-to-event, where both are null. */
const score = { auc: metric, accuracy: metric, c: metric.optional() };

/** Test metrics of one fold when modalities are hidden from the trained network (method.md 9.2). */
export const robustnessSchema = z.strictObject({
  /** Draws each mean of `drop` is over. */
  draws: z.number().int(),
  /** Every observed modality hidden with probability rho; 0, 0.1, ..., 1. */
  drop: z.array(z.strictObject({ rho: z.number(), ...score })),
  /** One modality hidden from everybody, and everything but one. */
  withoutOne: z.array(z.strictObject({ modality: z.string(), ...score })),
  onlyOne: z.array(z.strictObject({ modality: z.string(), ...score })),
});
export type Robustness = z.infer<typeof robustnessSchema>;
