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
  /** Id of the measure, for example `auc` or `brier_2y`. */
  id: z.string(),
  title: z.string(),
  /** The value on the test patients of the training: the mean over the folds. Null if the bundle lacks it. */
  internal: number,
  external: number,
  /** 95 % interval of `external`. */
  low: number,
  high: number,
  /** Why `external` or its interval is null. */
  reason: z.string().nullable(),
});
export type Metric = z.infer<typeof metricSchema>;

/** A point of the calibration curve: a group of patients with similar predictions. */
export const calibrationPointSchema = z.strictObject({
  /** Horizon in years. Null for a binary outcome. */
  horizon: number,
  patients: z.number().int(),
  predicted: z.number(),
  observed: number,
  low: number,
  high: number,
});
export type CalibrationPoint = z.infer<typeof calibrationPointSchema>;

/** A point of the decision curve: the net benefit per patient at one threshold. */
export const decisionSchema = z.strictObject({
  threshold: z.number(),
  model: number,
  treatAll: number,
  treatNone: z.literal(0),
});

/** Discrimination of a group of patients. */
export const validatedSubgroupSchema = z.strictObject({
  /** The column by which patients are grouped, or "modalities" for groups of patients with the same modalities. */
  by: z.string(),
  group: z.string(),
  /** Number of patients. Null if the group is too small to be shown. */
  patients: z.number().int().nullable(),
  positive: z.number().int().nullable(),
  /** The AUC or Harrell's C that the bundle states for patients with these modalities. Null for groups of a column. */
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
  /** Fractions of the patients with a value of this input: in the training, and in the new cohort. */
  trainingKnown: number,
  externalKnown: number,
  /** Standardised difference. For a bag: the mean absolute difference over its dimensions. */
  smd: number,
  /** True if |smd| is above 0.25, or if the input is constant in both cohorts and the two constants differ. */
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
  /** Points of the decision curve. For a time-to-event outcome, this is the curve at the last horizon. */
  decision: z.array(decisionSchema),
  /** Patients below and above the median prediction. Null if no patient has a follow-up time. */
  riskGroups: z
    .strictObject({
      cut: z.number(),
      groups: z.array(
        z.strictObject({
          name: z.string(),
          patients: z.number().int(),
          events: z.number().int(),
          /** Median time to the event in days. Null if the curve does not reach 50 %. */
          median: number,
        }),
      ),
      chiSquare: number,
      p: number,
      reason: z.string().nullable(),
    })
    .nullable(),
  subgroups: z.array(validatedSubgroupSchema),
  /** The shift of each input of the model. The input with the largest difference is first. */
  shift: z.array(shiftSchema),
  /** Notes that a reader needs to interpret these results. */
  notes: z.array(z.string()),
});
export type Validation = z.infer<typeof validationSchema>;
