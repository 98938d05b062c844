import { z } from 'zod';

const metric = z.number().nullable();
const atHorizon = z.array(z.strictObject({ years: z.number(), value: metric }));

/** Time-to-event metrics of one set of patients of one fold (method.md 11.5). Null if undefined; `reasons` says why. */
export const survivalMetricsSchema = z.strictObject({
  patients: z.number().int(),
  events: z.number().int(),
  /**
   * Harrell's C, and its numbers of pairs. C over several folds is computed from the sums of these numbers, so it never
   * compares risks of two folds.
   */
  c: metric,
  pairs: z.strictObject({ concordant: z.number(), discordant: z.number(), tied: z.number() }),
  /** Uno's C up to `survival.tau`. */
  unoC: metric,
  /** Uno's C of events before each of `survival.horizons`; cumulative/dynamic AUC and Brier score at these horizons. */
  unoAt: atHorizon,
  auc: atHorizon,
  brier: atHorizon,
  /**
   * Integrated Brier score up to `survival.tau`, and that of the Kaplan-Meier curve of the fold's training patients.
   */
  ibs: metric,
  ibsKaplanMeier: metric,
  /** p of the D-calibration test. A small p means: not calibrated. */
  dCalibration: metric,
  /** Why metrics are null, one text each: "C: no comparable pair". */
  reasons: z.array(z.string()),
});
export type SurvivalMetrics = z.infer<typeof survivalMetricsSchema>;

/** The output of `evaluate` for a fold and method of a time-to-event experiment. */
export const survivalEvaluationSchema = z.strictObject({
  fold: z.number().int(),
  method: z.string(),
  test: survivalMetricsSchema,
  val: survivalMetricsSchema,
  /** Metrics of the test patients with at least one modality of the method. */
  testObserved: survivalMetricsSchema,
  notes: z.array(z.string()),
});
export type SurvivalEvaluation = z.infer<typeof survivalEvaluationSchema>;
