import { z } from 'zod';
import { predictedOutcomeSchema } from '../bundle/predicted-data.js';

/** What `validation` writes, and the pages of it that people open. */
export const validationFile = 'validation.json';
export const validationPageFile = 'validation.html';
export const validationTableFile = 'validation.csv';

const number = z.number().nullable();

/** A measure of the new cohort beside that of the training. */
export const metricSchema = z.strictObject({
  /** For example `auc` or `brier_2y`. */
  id: z.string(),
  title: z.string(),
  /** Mean over the test patients of the folds of the training; null where the bundle does not know it. */
  internal: number,
  external: number,
  /** 95 % interval of `external`. */
  low: number,
  high: number,
  /** Why `external` or its interval is null. */
  reason: z.string().nullable(),
});
export type Metric = z.infer<typeof metricSchema>;

/** Patients with similar predictions. */
export const calibrationPointSchema = z.strictObject({
  /** Years; null for a binary outcome. */
  horizon: number,
  patients: z.number().int(),
  predicted: z.number(),
  observed: number,
  low: number,
  high: number,
});
export type CalibrationPoint = z.infer<typeof calibrationPointSchema>;

/** Net benefit per patient. */
export const decisionSchema = z.strictObject({
  threshold: z.number(),
  model: number,
  treatAll: number,
  treatNone: z.literal(0),
});

/** Discrimination of a group of patients. */
export const subgroupSchema = z.strictObject({
  /** Column, or "modalities". */
  by: z.string(),
  group: z.string(),
  /** Null in a group that is too small to be shown. */
  patients: z.number().int().nullable(),
  positive: z.number().int().nullable(),
  /** What the training expects of patients with these modalities; null for groups of a column. */
  internal: number,
  /** AUC or Harrell's C with its 95 % interval. */
  external: number,
  low: number,
  high: number,
  /** Observed divided by predicted number of events. */
  observedToExpected: number,
  reason: z.string().nullable(),
});
export type Subgroup = z.infer<typeof subgroupSchema>;

/** How an input of the new cohort differs from that of the training. */
export const shiftSchema = z.strictObject({
  modality: z.string(),
  /** Column; for a bag "mean instance". */
  input: z.string(),
  kind: z.string(),
  trainingMean: number,
  trainingSd: number,
  externalMean: number,
  externalSd: number,
  /** Share of patients with a value. */
  trainingKnown: number,
  externalKnown: number,
  /** Standardised difference; of a bag the mean size over its dimensions. */
  smd: number,
  /** A size above 0.25, or a difference without variance. */
  flagged: z.boolean(),
  note: z.string(),
});
export type Shift = z.infer<typeof shiftSchema>;

/** What `validation` writes: a bundle against patients whose outcome is known. */
export const validationSchema = z.strictObject({
  method: z.strictObject({ id: z.string(), title: z.string() }),
  outcome: predictedOutcomeSchema,
  patients: z.strictObject({
    predicted: z.number().int(),
    validated: z.number().int(),
    positive: z.number().int(),
    /** Who was predicted and is not validated, and why. */
    withoutOutcome: z.array(z.strictObject({ patient: z.string(), reason: z.string() })),
    /** Patients of the outcome table without data. */
    withoutData: z.number().int(),
  }),
  metrics: z.array(metricSchema),
  calibration: z.array(calibrationPointSchema),
  /** Of the last horizon for time-to-event. */
  decision: z.array(decisionSchema),
  /** Groups below and above the median prediction; null without times. */
  riskGroups: z
    .strictObject({
      cut: z.number(),
      groups: z.array(
        z.strictObject({
          name: z.string(),
          patients: z.number().int(),
          events: z.number().int(),
          /** Days; null when not reached. */
          median: number,
        }),
      ),
      chiSquare: number,
      p: number,
      reason: z.string().nullable(),
    })
    .nullable(),
  subgroups: z.array(subgroupSchema),
  /** By falling size. */
  shift: z.array(shiftSchema),
  /** What a reader has to know. */
  notes: z.array(z.string()),
});
export type Validation = z.infer<typeof validationSchema>;
