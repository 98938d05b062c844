import { z } from 'zod';

/** The training job of a fusion method writes this file, beside the file of its predictions. */
export const robustnessFile = 'robustness.json';

const metric = z.number().nullable();
/**
 * A binary outcome has `auc` and `accuracy`. For time-to-event, `c` is Harrell's C, and `auc` and `accuracy` are null.
 */
const score = { auc: metric, accuracy: metric, c: metric.optional() };

/** Test metrics of one fold when modalities are hidden from the trained network (method.md 9.2). */
export const foldRobustnessSchema = z.strictObject({
  /** Each mean in `drop` is over this number of random draws. */
  draws: z.number().int(),
  /** Every observed modality is hidden with probability rho: 0, 0.1, ..., 1. */
  drop: z.array(z.strictObject({ rho: z.number(), ...score })),
  /**
   * `withoutOne`: this modality of all patients is hidden. `onlyOne`: all other modalities of all patients are hidden.
   */
  withoutOne: z.array(z.strictObject({ modality: z.string(), ...score })),
  onlyOne: z.array(z.strictObject({ modality: z.string(), ...score })),
});
export type Robustness = z.infer<typeof foldRobustnessSchema>;
