import type { Label } from './labels.js';

/** Fractions of patients that are classified correctly at a threshold. Null for a fraction of no patients. */
export interface Classification {
  readonly accuracy: number | null;
  /** Fraction of the positive patients that are classified as positive. */
  readonly sensitivity: number | null;
  /** Fraction of the negative patients that are classified as negative. */
  readonly specificity: number | null;
  /** Mean of sensitivity and specificity. */
  readonly balancedAccuracy: number | null;
}

const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

/** Classification at a threshold: a patient is classified as positive if `probability >= threshold` (method.md 9.1). */
export function classify(
  labels: readonly Label[],
  probabilities: readonly number[],
  threshold = 0.5,
): Classification {
  const correct = labels.map((label, i) => (probabilities[i] as number) >= threshold === (label === 1));
  const correctOf = (label: Label): number =>
    correct.filter((right, i) => right && labels[i] === label).length;
  const positives = labels.filter((label) => label === 1).length;
  const sensitivity = share(correctOf(1), positives);
  const specificity = share(correctOf(0), labels.length - positives);
  return {
    accuracy: share(correctOf(1) + correctOf(0), labels.length),
    sensitivity,
    specificity,
    balancedAccuracy: sensitivity === null || specificity === null ? null : (sensitivity + specificity) / 2,
  };
}
