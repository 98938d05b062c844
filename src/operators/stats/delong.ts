import { scoresByClass, type Label } from './labels.js';
import { midRanks } from './mid-ranks.js';
import { covariance, mean } from './spread.js';
import { normalTwoSided } from './tail-probability.js';

/** DeLong's comparison of two AUCs of the same patients (method.md 9.5). */
export interface DeLongTest {
  readonly aucA: number;
  readonly aucB: number;
  /** Covariance matrix of the two AUCs. */
  readonly covariance: readonly [readonly [number, number], readonly [number, number]];
  /** Variance of the difference of the two AUCs. */
  readonly varianceOfDifference: number;
  /** The test statistic z. Null if the difference has no variance. */
  readonly z: number | null;
  /** Two-sided normal p. 1 if the difference has no variance, because then nothing can be tested. */
  readonly p: number;
}

/**
 * Placement values: the fraction of patients of the other class that each patient outranks. Ties count one half.
 * `positive` has the values of the positive patients (DeLong's V10), `negative` those of the negative patients (V01).
 */
interface Placements {
  readonly auc: number;
  readonly positive: readonly number[];
  readonly negative: readonly number[];
}

/** Null unless both classes have at least two patients, because covariances divide by count - 1. */
function placements(labels: readonly Label[], scores: readonly number[]): Placements | null {
  const { positive, negative } = scoresByClass(labels, scores);
  const [m, n] = [positive.length, negative.length];
  if (m < 2 || n < 2) return null;
  const joint = midRanks([...positive, ...negative]);
  const ranksPositive = midRanks(positive);
  const ranksNegative = midRanks(negative);
  const v10 = ranksPositive.map((rank, i) => ((joint[i] as number) - rank) / n);
  const v01 = ranksNegative.map((rank, j) => 1 - ((joint[m + j] as number) - rank) / m);
  return { auc: mean(v10), positive: v10, negative: v01 };
}

const crossCovariance = (a: Placements, b: Placements): number =>
  covariance(a.positive, b.positive) / a.positive.length +
  covariance(a.negative, b.negative) / a.negative.length;

/** DeLong variance of one AUC. Null unless both classes have at least two patients. */
export function aucVariance(labels: readonly Label[], scores: readonly number[]): number | null {
  const placed = placements(labels, scores);
  return placed === null ? null : crossCovariance(placed, placed);
}

/**
 * DeLong's test for two correlated AUCs, by the fast algorithm of Sun and Xu (method.md 9.5). Both lists score
 * the same patients in the same order.
 *
 * @returns null unless both classes have at least two patients.
 */
export function delongTest(
  labels: readonly Label[],
  scoresA: readonly number[],
  scoresB: readonly number[],
): DeLongTest | null {
  const a = placements(labels, scoresA);
  const b = placements(labels, scoresB);
  if (a === null || b === null) return null;
  const [s11, s12, s22] = [crossCovariance(a, a), crossCovariance(a, b), crossCovariance(b, b)];
  const variance = s11 + s22 - 2 * s12;
  // The variance is a difference of larger terms. A value below this fraction of the terms is only rounding error.
  const none = variance <= 1e-12 * (s11 + s22);
  const z = none ? null : (a.auc - b.auc) / Math.sqrt(variance);
  return {
    aucA: a.auc,
    aucB: b.auc,
    covariance: [
      [s11, s12],
      [s12, s22],
    ],
    varianceOfDifference: none ? 0 : variance,
    z,
    p: z === null ? 1 : normalTwoSided(z),
  };
}
