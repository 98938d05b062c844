import type { Label } from './labels.js';

/** The patients whose probability is in [from, to). The last bin also includes 1. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly patients: number;
  /** Mean predicted probability. */
  readonly predicted: number;
  /** Fraction of positive patients. */
  readonly observed: number;
}

export interface Reliability {
  /**
   * Expected calibration error: mean |predicted - observed| of the bins, weighted by patients. Null without patients.
   */
  readonly ece: number | null;
  /** Bins by ascending probability. Empty bins are left out. */
  readonly bins: readonly ReliabilityBin[];
}

const binCount = 10;

/** How well probabilities agree with the observed fractions of events, over ten bins of equal width. */
export function reliabilityOf(labels: readonly Label[], probabilities: readonly number[]): Reliability {
  const sums = Array.from({ length: binCount }, () => ({ patients: 0, predicted: 0, positive: 0 }));
  for (const [i, p] of probabilities.entries()) {
    const sum = sums[Math.min(binCount - 1, Math.floor(p * binCount))];
    if (sum === undefined) throw new RangeError(`${p} is no probability`);
    sum.patients += 1;
    sum.predicted += p;
    sum.positive += labels[i] === 1 ? 1 : 0;
  }
  const bins = sums.flatMap(({ patients, predicted, positive }, i) =>
    patients === 0
      ? []
      : [
          {
            from: i / binCount,
            to: (i + 1) / binCount,
            patients,
            predicted: predicted / patients,
            observed: positive / patients,
          },
        ],
  );
  const gap = bins.reduce(
    (sum, { patients, predicted, observed }) => sum + patients * Math.abs(predicted - observed),
    0,
  );
  return { ece: labels.length === 0 ? null : gap / labels.length, bins };
}
