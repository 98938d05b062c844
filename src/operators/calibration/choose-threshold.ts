import type { Config } from '../../pipeline/config/schema.js';
import type { Label } from '../stats/labels.js';
import { rocCurve } from '../stats/roc-curve.js';

/** A threshold on calibrated probabilities, and its sensitivity and specificity among the patients it was chosen on. */
export interface ChosenThreshold {
  readonly threshold: number;
  readonly sensitivity: number;
  readonly specificity: number;
}

/**
 * The threshold chosen on validation patients (method.md 9.6): the largest sensitivity + specificity - 1 (Youden), or
 * the highest threshold that reaches a given sensitivity. If several thresholds are equally good, the highest is
 * chosen. The threshold is the probability of one of the patients.
 *
 * @returns null if a class is absent
 */
export function chooseThreshold(
  labels: readonly Label[],
  probabilities: readonly number[],
  rule: Config['threshold'],
): ChosenThreshold | null {
  const corners = (rocCurve(labels, probabilities) ?? []).flatMap(
    ({ threshold, truePositiveRate, falsePositiveRate }): ChosenThreshold[] =>
      threshold === null
        ? []
        : [{ threshold, sensitivity: truePositiveRate, specificity: 1 - falsePositiveRate }],
  );
  // Rates are quotients of counts. A difference below this is only rounding error.
  const rounding = 1e-12;
  const quality = ({ sensitivity, specificity }: ChosenThreshold): number =>
    rule === 'youden' ? sensitivity + specificity : Number(sensitivity >= rule - rounding);
  return corners.reduce<ChosenThreshold | null>(
    (best, corner) => (best === null || quality(corner) > quality(best) + rounding ? corner : best),
    null,
  );
}
