import { z } from 'zod';

export const metricsFile = 'metrics.json';
const metric = z.number().nullable();

/** Metrics of one set of predictions at threshold 0.5 (method.md 9.1). An undefined metric is null. */
export const metricsSchema = z.strictObject({
  patients: z.number().int(),
  positive: z.number().int(),
  accuracy: metric,
  balancedAccuracy: metric,
  sensitivity: metric,
  specificity: metric,
  auc: metric,
  brier: metric,
  /** Expected calibration error over ten probability bins of equal width. */
  ece: metric,
  /** Accuracy of always answering the more frequent class. */
  majority: metric,
});
export type Metrics = z.infer<typeof metricsSchema>;

const classification = {
  accuracy: metric,
  balancedAccuracy: metric,
  sensitivity: metric,
  specificity: metric,
};

/** Metrics of the calibrated probabilities of a fold's test patients (method.md 9.6). An undefined metric is null. */
export const calibratedMetricsSchema = z.strictObject({
  /** The kind of calibration map that was fitted. `none` if no map could be fitted. */
  kind: z.enum(['none', 'platt', 'isotonic', 'temperature']),
  /** The threshold that was chosen on validation patients. */
  threshold: z.number(),
  /** Metrics at threshold 0.5. */
  ...classification,
  atThreshold: z.strictObject(classification),
  auc: metric,
  brier: metric,
  ece: metric,
  notes: z.array(z.string()),
});
export type CalibratedMetrics = z.infer<typeof calibratedMetricsSchema>;

/** The output of `evaluate` for a fold and method. */
export const evaluationSchema = z.strictObject({
  fold: z.number().int(),
  method: z.string(),
  test: metricsSchema,
  val: metricsSchema,
  /**
   * Metrics of the test patients with at least one modality of the method. Equal to `test` unless some test patients
   * have none of its modalities.
   */
  testObserved: metricsSchema,
  /** Metrics of the test patients after calibration on the validation patients. */
  calibrated: calibratedMetricsSchema,
  /** Why a metric is null, for example "one class only". */
  notes: z.array(z.string()),
});
export type Evaluation = z.infer<typeof evaluationSchema>;
