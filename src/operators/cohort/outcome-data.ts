import { z } from 'zod';
import { outcomeWordsSchema } from './cohort-data.js';

export const outcomeFile = 'outcome.json';

const labelledSchema = z.strictObject({
  id: z.string(),
  y: z.union([z.literal(0), z.literal(1)]),
  /** The value of HANCOCK's column `survival_status_with_cause`. Null for any other cohort. */
  cause: z.string().nullable(),
  /** Days to the event or the last contact. Null if unknown. */
  followUpDays: z.number().nullable(),
});
/** A patient whose outcome is known. */
export type Labelled = z.infer<typeof labelledSchema>;

/** The output of the `outcome` stage: the patients with a known outcome, sorted by id. */
export const outcomeSchema = z.strictObject({ words: outcomeWordsSchema, patients: z.array(labelledSchema) });
export type Outcome = z.infer<typeof outcomeSchema>;
