import { z } from 'zod';
import { pooledAucSchema } from './spread-data.js';

/** Test patients of one group, as each method scores them; suppressed where the group is too small or has one outcome. */
export const subgroupSchema = z.strictObject({
  group: z.string(),
  /** Tested patients. */
  patients: z.number().int(),
  /** Of these, patients with the event; null where suppressed. */
  events: z.number().int().nullable(),
  /** Why no number is shown; null where numbers are. */
  suppressed: z.string().nullable(),
  methods: z.array(
    z.strictObject({
      method: z.string(),
      title: z.string(),
      /** Pooled AUC with DeLong's interval, or C within folds with a bootstrap interval. */
      score: pooledAucSchema,
      /** At probability 0.5, uncalibrated; null with time-to-event. */
      accuracy: z.number().nullable(),
      brier: z.number().nullable(),
    }),
  ),
});
export type Subgroup = z.infer<typeof subgroupSchema>;

/** What divides the test patients into groups, with the groups. */
export const subgroupVariableSchema = z.strictObject({
  /** `<table>.<column>`, or "modalities" for the modalities that a patient has. */
  variable: z.string(),
  groups: z.array(subgroupSchema),
});
export type SubgroupVariable = z.infer<typeof subgroupVariableSchema>;

/** The variable of the modalities that a patient has. */
export const modalitiesVariable = 'modalities';
