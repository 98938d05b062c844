import type { Label } from './labels.js';

/** Net benefit per patient of acting on a prediction at one threshold (Vickers and Elkin 2006). */
export interface DecisionPoint {
  /** A patient would be treated if the predicted probability is at least this value. */
  readonly threshold: number;
  /**
   * Net benefit if all patients whose probability reaches the threshold are treated. Time-to-event: null if the
   * Kaplan-Meier curve of these patients ends before the horizon.
   */
  readonly model: number | null;
  readonly treatAll: number | null;
  /** Net benefit if no patient is treated. */
  readonly treatNone: 0;
}

/** The thresholds of a decision curve: 0.01 to 0.99. */
export const decisionThresholds: readonly number[] = Array.from({ length: 99 }, (_, k) => (k + 1) / 100);

/**
 * Net benefit: each true positive adds 1, and each false positive subtracts the odds of the threshold. If both counts
 * are divided by the number of patients, so is the result.
 */
export const netBenefit = (truePositives: number, falsePositives: number, threshold: number): number =>
  truePositives - (falsePositives * threshold) / (1 - threshold);

/** Decision curve of a binary outcome. Empty without patients. */
export function decisionCurve(
  labels: readonly Label[],
  probabilities: readonly number[],
  thresholds: readonly number[] = decisionThresholds,
): readonly DecisionPoint[] {
  const patients = labels.length;
  if (patients === 0) return [];
  const positive = labels.filter((y) => y === 1).length;
  return thresholds.map((threshold) => {
    const called = labels.filter((_, i) => (probabilities[i] as number) >= threshold);
    const right = called.filter((y) => y === 1).length;
    return {
      threshold,
      model: netBenefit(right / patients, (called.length - right) / patients, threshold),
      treatAll: netBenefit(positive / patients, (patients - positive) / patients, threshold),
      treatNone: 0,
    };
  });
}
