import { z } from 'zod';
import { predictedOutcomeSchema } from '../bundle/predicted-data.js';

/** The files that `validation` writes. */
export const validationFile = 'validation.json';
export const validationPageFile = 'validation.html';
export const validationTableFile = 'validation.csv';

const number = z.number().nullable();

/**
 * A measure of performance: its value on the new cohort (`external`), and on the test patients of the training
 * (`internal`).
 */
export const metricSchema = z.strictObject({
  /** For example `auc` or `brier_2y`. */
  id: z.string(),
  title: z.string(),
  /** Mean over the test patients of the folds of the training. Null if the bundle lacks it. */
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
  /** In years. Null for a binary outcome. */
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
export const validatedSubgroupSchema = z.strictObject({
  /** Column, or "modalities". */
  by: z.string(),
  group: z.string(),
  /** Number of patients. Null if the group is too small to be shown. */
  patients: z.number().int().nullable(),
  positive: z.number().int().nullable(),
  /** The bundle's result for patients with these modalities. Null for groups of a column. */
  internal: number,
  /** AUC or Harrell's C with its 95 % interval. */
  external: number,
  low: number,
  high: number,
  /** Observed divided by predicted number of events. */
  observedToExpected: number,
  reason: z.string().nullable(),
});
export type ValidatedSubgroup = z.infer<typeof validatedSubgroupSchema>;

/** How an input of the new cohort differs from that of the training. */
export const shiftSchema = z.strictObject({
  modality: z.string(),
  /** Column name, or "mean instance" for a bag. */
  input: z.string(),
  kind: z.string(),
  trainingMean: number,
  trainingSd: number,
  externalMean: number,
  externalSd: number,
  /** Fraction of patients with a value. */
  trainingKnown: number,
  externalKnown: number,
  /** Standardised difference. For a bag: the mean absolute difference over its dimensions. */
  smd: number,
  /** True for an absolute difference above 0.25, and for a difference without variance. */
  flagged: z.boolean(),
  note: z.string(),
});
export type Shift = z.infer<typeof shiftSchema>;

/** The output of `validation`: predictions of a bundle compared with known outcomes. */
export const validationSchema = z.strictObject({
  method: z.strictObject({ id: z.string(), title: z.string() }),
  outcome: predictedOutcomeSchema,
  patients: z.strictObject({
    predicted: z.number().int(),
    validated: z.number().int(),
    positive: z.number().int(),
    /** Patients that were predicted but are not validated, with the reasons. */
    withoutOutcome: z.array(z.strictObject({ patient: z.string(), reason: z.string() })),
    /** Number of patients of the outcome table without data. */
    withoutData: z.number().int(),
  }),
  metrics: z.array(metricSchema),
  calibration: z.array(calibrationPointSchema),
  /** Decision curve. For time-to-event it is that of the last horizon. */
  decision: z.array(decisionSchema),
  /** Groups below and above the median prediction. Null without times. */
  riskGroups: z
    .strictObject({
      cut: z.number(),
      groups: z.array(
        z.strictObject({
          name: z.string(),
          patients: z.number().int(),
          events: z.number().int(),
          /** In days. Null if not reached. */
          median: number,
        }),
      ),
      chiSquare: number,
      p: number,
      reason: z.string().nullable(),
    })
    .nullable(),
  subgroups: z.array(validatedSubgroupSchema),
  /** Sorted by descending size. */
  shift: z.array(shiftSchema),
  /** Notes that a reader needs. */
  notes: z.array(z.string()),
});
export type Validation = z.infer<typeof validationSchema>;
