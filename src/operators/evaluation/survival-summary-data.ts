import { z } from 'zod';

/** Mean and population standard deviation over the folds in which the metric is defined. */
const spread = z.strictObject({
  mean: z.number().nullable(),
  std: z.number().nullable(),
  folds: z.number().int(),
});
const atHorizon = z.array(z.strictObject({ years: z.number(), ...spread.shape }));

/** Time-to-event part of a row of the result table (method.md 11.5). */
export const survivalRowSchema = z.strictObject({
  c: spread,
  /** C from the pairs of all folds together. Both patients of a pair are from the same fold. */
  pooledC: z.number().nullable(),
  unoC: spread,
  /** Uno's C of events before each horizon. */
  unoAt: atHorizon,
  auc: atHorizon,
  brier: atHorizon,
  ibs: spread,
  /** Integrated Brier score of the Kaplan-Meier curve of the training patients. */
  ibsKaplanMeier: spread,
  dCalibration: spread,
  /** C over the test patients with at least one modality of the method. */
  observedC: spread,
  /** Mean C of each repeat of the cross-validation. Null without repeats. */
  repeats: z.array(z.number().nullable()).nullable(),
  /**
   * C with hidden modalities. The outer index is the position in the row's `robustness.rho`, the inner index is the
   * fold.
   */
  robustness: z.array(z.array(z.number().nullable())).nullable(),
});
export type SurvivalRow = z.infer<typeof survivalRowSchema>;

/** Comparison of the reference method with another one: difference in C within folds (method.md 11.5). */
export const survivalComparisonSchema = z.strictObject({
  method: z.string(),
  other: z.string(),
  patients: z.number().int(),
  difference: z.number().nullable(),
  ci95: z.tuple([z.number(), z.number()]).nullable(),
  p: z.number().nullable(),
  /** `p` after Holm's adjustment over all comparisons with the reference. */
  adjusted: z.number().nullable(),
  /** Why the difference, or only its interval and p, are null. */
  reason: z.string().nullable(),
});
export type SurvivalComparison = z.infer<typeof survivalComparisonSchema>;

/** The additional fields in a summary of a time-to-event experiment. */
export const survivalSummarySchema = z.strictObject({
  horizons: z.array(z.number()),
  /** Upper limit for Uno's C and the integrated Brier score, in years. */
  tau: z.number(),
  comparisons: z.array(survivalComparisonSchema),
});

/** The text below the table of a time-to-event experiment. */
export const survivalCohortLine = ({
  cohort,
  outcome,
  survival,
}: {
  readonly cohort: { readonly patients: number; readonly positive: number };
  readonly outcome: { readonly positive: string };
  readonly survival?: { readonly tau: number } | undefined;
}): string =>
  `${cohort.patients} patients, ${cohort.positive} with the event ${outcome.positive}. C 0.5 is chance; Uno's C and the integrated Brier score (IBS, lower is better) are computed up to ${survival?.tau ?? '-'} years.`;
