import { z } from 'zod';

export const historyFile = 'history.json';

/**
 * The history of one training job. `epochs[i]` holds the epoch's number, learning rate, training losses, `valLoss`, and `valAuc` or
 * `valC` (null if undefined), as plain numbers by name.
 */
export const historySchema = z.strictObject({
  epochs: z.array(z.record(z.string(), z.number().nullable())),
  /** Epoch whose weights were kept. 0 is the initial state. */
  bestEpoch: z.number().int(),
  /** The quantity that early stopping monitored. */
  monitor: z.enum(['valAuc', 'valC', 'valLoss']),
  /** Why training ended. */
  stopped: z.enum(['patience', 'epochs']),
  /** Notes for the reader of a result, for example an undefined validation AUC. */
  warnings: z.array(z.string()),
  /** Number of optimisation steps that were skipped because the loss or the gradient was not finite. */
  skippedSteps: z.number().int(),
  backend: z.string(),
});
export type History = z.infer<typeof historySchema>;
/** The key of a history that holds the AUC of the validation patients, or Harrell's C for time-to-event. */
export type Ranking = 'valAuc' | 'valC';
