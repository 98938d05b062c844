import { z } from 'zod';

export const summaryFile = 'summary.json';

/** Mean and population standard deviation over the folds where the metric is defined. */
export const spreadSchema = z.strictObject({
  mean: z.number().nullable(),
  std: z.number().nullable(),
  folds: z.number().int(),
});
export type Spread = z.infer<typeof spreadSchema>;

export const summaryRowSchema = z.strictObject({
  method: z.string(),
  title: z.string(),
  folds: z.number().int(),
  accuracy: spreadSchema,
  balancedAccuracy: spreadSchema,
  sensitivity: spreadSchema,
  specificity: spreadSchema,
  auc: spreadSchema,
  brier: spreadSchema,
  /** AUC of the test predictions of all folds together, with DeLong's 95 % interval. */
  pooledAuc: z.strictObject({
    value: z.number().nullable(),
    ci95: z.tuple([z.number(), z.number()]).nullable(),
  }),
  /** AUC over the test patients whose modalities the method saw. */
  observedAuc: spreadSchema,
  paper: z.strictObject({
    table: z.string(),
    accuracy: z.tuple([z.number(), z.number()]).nullable(),
    auc: z.tuple([z.number(), z.number()]).nullable(),
  }),
  notes: z.array(z.string()),
});
export type SummaryRow = z.infer<typeof summaryRowSchema>;

/** What `aggregate` writes. The run directory's summary.json adds the run's name, backend and seconds. */
export const summarySchema = z.strictObject({
  cohort: z.strictObject({ patients: z.number().int(), deceased: z.number().int(), majority: z.number() }),
  rows: z.array(summaryRowSchema),
  schedule: z.string(),
  preset: z.string(),
  seed: z.number().int(),
});
export type Summary = z.infer<typeof summarySchema>;
