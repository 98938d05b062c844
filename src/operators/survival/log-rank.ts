import { grouped } from '../../pipeline/core/grouped.js';
import { quadraticForm } from '../stats/quadratic-form.js';
import { chiSquareUpper } from '../stats/tail-probability.js';
import type { FollowUp } from './follow-up.js';

/** Patients of one group in a log-rank test. */
export interface LogRankGroup {
  readonly patients: number;
  readonly observed: number;
  /** Number of events expected if all groups of a stratum share one hazard. */
  readonly expected: number;
}

export interface LogRankTest {
  /** The test statistic. Null if nothing can be tested; `reason` then says why. */
  readonly chiSquare: number | null;
  readonly degrees: number;
  readonly p: number | null;
  readonly reason: string | null;
  /** The groups, in the order of their numbers. */
  readonly groups: readonly LogRankGroup[];
}

/**
 * Log-rank test of k groups, with the hypergeometric variance. Stratified: observed, expected and variance are summed over strata
 * (method.md 11.4).
 *
 * @param group of each patient, from 0 to groups - 1
 * @param stratum of each patient, any numbers; null: one stratum
 */
export function logRankTest(
  followUp: FollowUp,
  group: ArrayLike<number>,
  groups: number,
  stratum: ArrayLike<number> | null = null,
): LogRankTest {
  const sums: Sums = {
    patients: new Float64Array(groups),
    observed: new Float64Array(groups),
    expected: new Float64Array(groups),
    variance: new Float64Array(groups * groups),
  };
  const strata = grouped(
    Array.from(followUp.time, (_, i) => [stratum === null ? 0 : (stratum[i] as number), i] as const),
  );
  for (const members of strata.values()) addStratum(sums, followUp, group, members);
  const result = {
    groups: Array.from({ length: groups }, (_, g) => ({
      patients: sums.patients[g] as number,
      observed: sums.observed[g] as number,
      expected: sums.expected[g] as number,
    })),
  };
  // The excess of a group is its observed minus its expected events. The covariance matrix of the excesses is singular,
  // because the excesses of compared groups sum to 0, and a group without observed and expected events has no excess.
  // The rank of the matrix is the number of degrees of freedom.
  const excess = sums.observed.map((observed, g) => observed - (sums.expected[g] as number));
  const { value, rank } = quadraticForm(sums.variance, excess);
  return rank === 0
    ? {
        ...result,
        chiSquare: null,
        degrees: 0,
        p: null,
        reason: 'no event at a time when two groups are observed',
      }
    : { ...result, chiSquare: value, degrees: rank, p: chiSquareUpper(value, rank), reason: null };
}

interface Sums {
  readonly patients: Float64Array;
  readonly observed: Float64Array;
  readonly expected: Float64Array;
  /** Covariance of the observed numbers of events, [groups, groups]. */
  readonly variance: Float64Array;
}

function addStratum(
  { patients, observed, expected, variance }: Sums,
  { time, event }: FollowUp,
  group: ArrayLike<number>,
  members: readonly number[],
): void {
  const groups = observed.length;
  const atRisk = new Float64Array(groups);
  const order = [...members].sort((a, b) => (time[b] as number) - (time[a] as number));
  for (let start = 0, end = 0; start < order.length; start = end) {
    const days = time[order[start] as number];
    let died = 0;
    for (; end < order.length && time[order[end] as number] === days; end++) {
      const i = order[end] as number;
      const own = group[i] as number;
      atRisk[own] = (atRisk[own] as number) + 1;
      patients[own] = (patients[own] as number) + 1;
      if (event[i] !== 1) continue;
      died++;
      observed[own] = (observed[own] as number) + 1;
    }
    if (died === 0) continue;
    const n = end;
    const spread = n === 1 ? 0 : (died * (n - died)) / (n - 1);
    for (let a = 0; a < groups; a++) {
      const share = (atRisk[a] as number) / n;
      expected[a] = (expected[a] as number) + died * share;
      for (let b = 0; b < groups; b++) {
        const at = a * groups + b;
        const other = (atRisk[b] as number) / n;
        variance[at] = (variance[at] as number) + spread * share * ((a === b ? 1 : 0) - other);
      }
    }
  }
}
