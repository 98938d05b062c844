import { z } from 'zod';
import { survivalRowSchema, survivalSummarySchema } from './survival-summary-data.js';
import { outcomeWordsSchema } from '../cohort/cohort-data.js';
import { calibratedRowSchema, calibrationSchema } from './calibrated-row-data.js';
import { recommendedSchema } from './recommended-data.js';
import { subgroupVariableSchema } from './subgroup-data.js';
import { pooledAucSchema, spreadSchema } from './spread-data.js';

export type { Spread } from './spread-data.js';

export const summaryFile = 'summary.json';

/** A number of the paper with its standard deviation. The deviation is null for a number that the paper quotes from elsewhere. */
const paperSpreadSchema = z.tuple([z.number(), z.number().nullable()]).nullable();

/** Test metrics with hidden modalities. The outer index is the position in `rho`, the inner index is the fold. */
export const rowRobustnessSchema = z.strictObject({
  rho: z.array(z.number()),
  auc: z.array(z.array(z.number().nullable())),
  accuracy: z.array(z.array(z.number().nullable())),
  /**
   * Metrics if one modality is hidden from all test patients (`withoutOne`), and if all but one are hidden (`onlyOne`).
   */
  withoutOne: z.array(z.strictObject({ modality: z.string(), auc: spreadSchema, accuracy: spreadSchema })),
  onlyOne: z.array(z.strictObject({ modality: z.string(), auc: spreadSchema, accuracy: spreadSchema })),
});
export type RowRobustness = z.infer<typeof rowRobustnessSchema>;

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
  ece: spreadSchema,
  /** AUC of the test predictions of all folds together, with DeLong's 95 % interval. */
  pooledAuc: pooledAucSchema,
  /** AUC over the test patients with at least one modality of the method. */
  observedAuc: spreadSchema,
  /**
   * The numbers of the paper for this method. Null if the paper has none, and for every cohort other than the paper's.
   */
  paper: z
    .strictObject({
      table: z.string(),
      accuracy: paperSpreadSchema,
      auc: paperSpreadSchema,
    })
    .nullable(),
  calibration: calibrationSchema,
  /** Metrics of the test patients after calibration on the validation patients. Null for time-to-event. */
  calibrated: calibratedRowSchema.nullable(),
  /** Metrics with hidden modalities. Null for a method that is not scored with hidden modalities. */
  robustness: rowRobustnessSchema.nullable(),
  /**
   * Mean AUC and accuracy of each repeat of the cross-validation, and the spread of these means. Null without repeats.
   */
  repeats: z
    .strictObject({
      auc: z.array(z.number().nullable()),
      accuracy: z.array(z.number().nullable()),
      aucSpread: spreadSchema,
      accuracySpread: spreadSchema,
    })
    .nullable(),
  /** The numbers of a time-to-event experiment. The fields above that are about classes are then null. */
  survival: survivalRowSchema.optional(),
  notes: z.array(z.string()),
});
export type SummaryRow = z.infer<typeof summaryRowSchema>;

const interval = z.tuple([z.number(), z.number()]).nullable();

/** Comparison of the reference method with another one on the same test patients (method.md 9.5). */
export const comparisonSchema = z.strictObject({
  method: z.string(),
  other: z.string(),
  patients: z.number().int(),
  /** Number of patients that only the first method classifies correctly at threshold 0.5. */
  onlyFirst: z.number().int(),
  /** Number of patients that only the second method classifies correctly at threshold 0.5. */
  onlySecond: z.number().int(),
  /**
   * Accuracy of the first method minus that of the second. `p` is that of McNemar's test. `adjusted` is `p` after
   * Holm's adjustment over the comparisons whose test is defined (method.md 9.5).
   */
  accuracy: z.strictObject({
    difference: z.number(),
    ci95: interval,
    p: z.number().nullable(),
    adjusted: z.number().nullable(),
    /** Why p is null. */
    reason: z.string().exactOptional(),
  }),
  /**
   * AUC of the first method minus that of the second. `p` is that of DeLong's test, `adjusted` is `p` after Holm's
   * adjustment. `auc` is null if the difference of the AUCs is not defined.
   */
  auc: z
    .strictObject({
      difference: z.number(),
      ci95: interval,
      z: z.number().nullable(),
      p: z.number().nullable(),
      adjusted: z.number().nullable(),
      /** Why p is null, or which folds the test leaves out. */
      reason: z.string().exactOptional(),
    })
    .nullable(),
  /** Why `auc` is null. */
  aucReason: z.string().exactOptional(),
});
export type Comparison = z.infer<typeof comparisonSchema>;

/**
 * The output of `aggregate`. The run directory's summary.json adds the run's name, its backend and its duration in
 * seconds.
 */
export const summarySchema = z.strictObject({
  /** The names of the two outcomes in tables and notes. */
  outcome: outcomeWordsSchema,
  cohort: z.strictObject({ patients: z.number().int(), positive: z.number().int(), majority: z.number() }),
  /** The citation of the paper whose numbers are shown beside the rows. Null if there are none. */
  paper: z.string().nullable(),
  rows: z.array(summaryRowSchema),
  /** Requested rows that cannot be computed with the modalities of the experiment. */
  skipped: z.array(z.strictObject({ method: z.string(), title: z.string(), reason: z.string() })),
  comparisons: z.array(comparisonSchema),
  /** The method with the best validation score. Null if no method has one. */
  recommended: recommendedSchema.nullable(),
  /** Test patients grouped by `stats.subgroups` and by the modalities they have. */
  subgroups: z.array(subgroupVariableSchema),
  /** Horizons and comparisons of a time-to-event experiment. Absent for a binary outcome. */
  survival: survivalSummarySchema.optional(),
  schedule: z.string(),
  preset: z.string(),
  seed: z.number().int(),
});
export type Summary = z.infer<typeof summarySchema>;
