import { delongTest } from './delong.js';
import type { Label } from './labels.js';
import { mean } from './spread.js';
import { normalTwoSided } from './tail-probability.js';

/** Scores of two models for the same group of patients. Scores within the group may be ranked together. */
export interface ScoredPair {
  readonly labels: readonly Label[];
  readonly scoresA: readonly number[];
  readonly scoresB: readonly number[];
}

export interface MeanDifference {
  /** AUC of the first model minus AUC of the second one, averaged over the groups. */
  readonly difference: number;
  /** The test statistic z. Null if the difference has no variance. */
  readonly z: number | null;
  /** Two-sided normal p. 1 if the difference has no variance. */
  readonly p: number;
}

/**
 * DeLong's test on the mean of the AUC differences of independent groups of patients. The variances of the n
 * differences are summed and divided by n^2 (method.md 9.5, `foldMean`). For a single group it is DeLong's test. Groups
 * with fewer than two patients of a class are left out.
 *
 * @returns null if no group is left
 */
export function delongMeanTest(groups: readonly ScoredPair[]): MeanDifference | null {
  const tests = groups.flatMap(({ labels, scoresA, scoresB }) => delongTest(labels, scoresA, scoresB) ?? []);
  if (tests.length === 0) return null;
  const difference = mean(tests.map(({ aucA, aucB }) => aucA - aucB));
  const variance =
    tests.reduce((sum, { varianceOfDifference }) => sum + varianceOfDifference, 0) / tests.length ** 2;
  const z = variance === 0 ? null : difference / Math.sqrt(variance);
  return { difference, z, p: z === null ? 1 : normalTwoSided(z) };
}
