import type { Config } from '../../pipeline/config/schema.js';
import type { Rng } from '../../pipeline/core/rng.js';
import { delongMeanTest } from '../stats/delong-mean.js';
import { holmAdjusted } from '../stats/holm.js';
import type { Label } from '../stats/labels.js';
import { mcnemarTest } from '../stats/mcnemar.js';
import { bootstrapIntervals, type PairedAnswers } from '../stats/paired-bootstrap.js';
import type { PooledScores } from './pooled.js';
import type { Comparison } from './summary-data.js';

/** One comparison before the adjustment for the others of its family. */
export interface PairedComparison {
  readonly patients: number;
  readonly onlyFirst: number;
  readonly onlySecond: number;
  readonly accuracy: Omit<Comparison['accuracy'], 'adjusted'>;
  readonly auc: Omit<NonNullable<Comparison['auc']>, 'adjusted'> | null;
}

/** Positions of pooled patients whose scores are ranked together; each patient is in one group. */
export type RankedTogether = readonly (readonly number[])[];

/** All patients in one group: `stats.pooling` pooled. */
export const allTogether = ({ patients }: PooledScores): RankedTogether => [patients.map((_, i) => i)];

/**
 * Two methods on the same patients, first minus second (method.md 9.5): McNemar's test of the decisions at probability
 * 0.5, DeLong's test of the AUCs, and bootstrap intervals of both differences.
 *
 * @param first, second same patients in the same order, at least one
 * @param rng stream of the bootstrap; not asked for without resamples
 */
export function comparePaired(
  first: PooledScores,
  second: PooledScores,
  groups: RankedTogether,
  { mcnemar, bootstrap }: Pick<Config['stats'], 'mcnemar' | 'bootstrap'>,
  rng: () => Rng,
): PairedComparison {
  const { labels } = first;
  const answers: PairedAnswers = {
    labels,
    correctA: correct(first),
    correctB: correct(second),
    scoresA: first.scores,
    scoresB: second.scores,
  };
  const onlyFirst = answers.correctA.filter((right, i) => right && !answers.correctB[i]).length;
  const onlySecond = answers.correctB.filter((right, i) => right && !answers.correctA[i]).length;
  const delong = delongMeanTest(
    groups.map((group) => ({
      labels: group.map((i) => labels[i] as Label),
      scoresA: group.map((i) => first.scores[i] as number),
      scoresB: group.map((i) => second.scores[i] as number),
    })),
  );
  const intervals = bootstrap === 0 ? null : bootstrapIntervals(answers, groups, bootstrap, rng());
  return {
    patients: labels.length,
    onlyFirst,
    onlySecond,
    accuracy: {
      difference: (onlyFirst - onlySecond) / labels.length,
      ci95: pair(intervals?.accuracy),
      p: mcnemarP(onlyFirst, onlySecond, mcnemar),
    },
    auc: delong && { ...delong, ci95: pair(intervals?.auc) },
  };
}

const correct = ({ labels, probabilities }: PooledScores): boolean[] =>
  labels.map((label, i) => (probabilities[i] as number) >= 0.5 === (label === 1));

/** Without a discordant patient there is nothing to test: p is 1. */
function mcnemarP(onlyFirst: number, onlySecond: number, form: Config['stats']['mcnemar']): number {
  const test = mcnemarTest(onlyFirst, onlySecond);
  return form === 'exact' ? test.exactP : (test[form]?.p ?? 1);
}

const pair = (interval: readonly [number, number] | null | undefined): [number, number] | null =>
  interval ? [interval[0], interval[1]] : null;

/** Holm's adjustment over one family of comparisons, apart for accuracies and AUCs (method.md 9.5). */
export function adjustedFamily<T extends PairedComparison>(
  family: readonly T[],
): (T & Pick<Comparison, 'accuracy' | 'auc'>)[] {
  const accuracy = holmAdjusted(family.map((one) => one.accuracy.p));
  const tested = family.filter((one) => one.auc !== null);
  const auc = holmAdjusted(tested.flatMap((one) => one.auc?.p ?? []));
  return family.map((one, i) => ({
    ...one,
    accuracy: { ...one.accuracy, adjusted: accuracy[i] as number },
    auc: one.auc && { ...one.auc, adjusted: auc[tested.indexOf(one)] as number },
  }));
}
