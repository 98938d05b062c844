import { z } from 'zod';
import { pooledAucSchema } from './spread-data.js';

/**
 * The scores of each method on the test patients of one group. They are suppressed if the group is too small or has
 * only one outcome.
 */
export const subgroupSchema = z.strictObject({
  group: z.string(),
  /** Number of tested patients. */
  patients: z.number().int(),
  /** Number of tested patients with the event. Null if suppressed. */
  events: z.number().int().nullable(),
  /** Why no number is shown. Null if numbers are shown. */
  suppressed: z.string().nullable(),
  methods: z.array(
    z.strictObject({
      method: z.string(),
      title: z.string(),
      /**
       * Binary outcome: pooled AUC with DeLong's interval. Time-to-event: Harrell's C over pairs of patients of the
       * same fold, with a bootstrap interval.
       */
      score: pooledAucSchema,
      /** Accuracy of the uncalibrated probabilities at threshold 0.5. Null with time-to-event. */
      accuracy: z.number().nullable(),
      brier: z.number().nullable(),
    }),
  ),
});
export type Subgroup = z.infer<typeof subgroupSchema>;

/** A variable that divides the test patients into groups, with the groups. */
export const subgroupVariableSchema = z.strictObject({
  /** `<table>.<column>`, or "modalities" for the modalities that a patient has. */
  variable: z.string(),
  groups: z.array(subgroupSchema),
});
export type SubgroupVariable = z.infer<typeof subgroupVariableSchema>;

/** The variable of the modalities that a patient has. */
export const modalitiesVariable = 'modalities';
