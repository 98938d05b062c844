import type { Config } from '../../pipeline/config/schema.js';
import type { Rng } from '../../pipeline/core/rng.js';
import { delongMeanTest, type MeanDifference } from '../stats/delong-mean.js';
import { holmAdjusted } from '../stats/holm.js';
import type { Label } from '../stats/labels.js';
import { mcnemarTest } from '../stats/mcnemar.js';
import { bootstrapIntervals, type PairedAnswers } from '../stats/paired-bootstrap.js';
import type { PooledScores } from './pooled.js';
import type { Comparison } from './summary-data.js';
import {
  delongReason,
  noDiscordantPair,
  noVariance,
  plainWords,
  type ClassWords,
} from './undefined-reasons.js';

/** One comparison, before the adjustment for the other tests of its family. */
export interface PairedComparison {
  readonly patients: number;
  readonly onlyFirst: number;
  readonly onlySecond: number;
  readonly accuracy: Omit<Comparison['accuracy'], 'adjusted'>;
  readonly auc: Omit<NonNullable<Comparison['auc']>, 'adjusted'> | null;
  readonly aucReason?: string;
}

/** Pooled patients, divided into groups whose scores are ranked together. Each patient is in one group. */
export interface RankedTogether {
  /** For each group, the positions of its patients. */
  readonly groups: readonly (readonly number[])[];
  /** The fold of each group. Absent if all patients are one group. */
  readonly folds?: readonly number[];
}

/** All patients in one group: `stats.pooling: pooled`. */
export const allTogether = ({ patients }: PooledScores): RankedTogether => ({
  groups: [patients.map((_, i) => i)],
});

/**
 * Compares two methods on the same patients, first minus second (method.md 9.5): McNemar's test of the decisions at probability 0.5,
 * DeLong's test of the AUCs, and bootstrap intervals of both differences.
 *
 * @param first, second same patients in the same order, at least one
 * @param rng returns the bootstrap stream; not called without resamples
 * @param words names of the two outcomes, for texts that say why a number is undefined
 */
export function comparePaired(
  first: PooledScores,
  second: PooledScores,
  { groups, folds }: RankedTogether,
  { mcnemar, bootstrap }: Pick<Config['stats'], 'mcnemar' | 'bootstrap'>,
  rng: () => Rng,
  words: ClassWords = plainWords,
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
  const labelsOf = groups.map((group) => group.map((i) => labels[i] as Label));
  const delong = delongMeanTest(
    groups.map((group, at) => ({
      labels: labelsOf[at] ?? [],
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
      ...mcnemarOf(onlyFirst, onlySecond, mcnemar),
    },
    ...aucOf(
      delong,
      pair(intervals?.auc),
      delongReason(
        labelsOf.map((own, at) => ({ labels: own, fold: folds?.[at] ?? null })),
        words,
      ),
    ),
  };
}

const correct = ({ labels, probabilities }: PooledScores): boolean[] =>
  labels.map((label, i) => (probabilities[i] as number) >= 0.5 === (label === 1));

/**
 * A patient is discordant if only one of the two methods is right. Without a discordant patient there is nothing to
 * test, and p is null.
 */
function mcnemarOf(
  onlyFirst: number,
  onlySecond: number,
  form: Config['stats']['mcnemar'],
): Pick<PairedComparison['accuracy'], 'p' | 'reason'> {
  if (onlyFirst + onlySecond === 0) return { p: null, reason: noDiscordantPair };
  const test = mcnemarTest(onlyFirst, onlySecond);
  return { p: form === 'exact' ? test.exactP : (test[form]?.p ?? null) };
}

/** The difference of the AUCs. If a number is null, `reason` or `aucReason` says why. */
function aucOf(
  delong: MeanDifference | null,
  ci95: [number, number] | null,
  leftOut: string | null,
): Pick<PairedComparison, 'auc' | 'aucReason'> {
  if (delong === null) return { auc: null, ...(leftOut === null ? {} : { aucReason: leftOut }) };
  const reasons = [
    ...(delong.z === null ? [noVariance(delong.difference)] : []),
    ...(leftOut === null ? [] : [leftOut]),
  ];
  const reason = reasons.length === 0 ? {} : { reason: reasons.join(' ') };
  return { auc: { ...delong, p: delong.z === null ? null : delong.p, ci95, ...reason } };
}

const pair = (interval: readonly [number, number] | null | undefined): [number, number] | null =>
  interval ? [interval[0], interval[1]] : null;

/**
 * Holm's adjustment over one family of comparisons, separately for accuracies and AUCs (method.md 9.5). An undefined
 * test is not counted in the number of tests.
 */
export function adjustedFamily<T extends PairedComparison>(
  family: readonly T[],
): (T & Pick<Comparison, 'accuracy' | 'auc'>)[] {
  const accuracy = adjustedOf(family.map((one) => one.accuracy.p));
  const auc = adjustedOf(family.map((one) => one.auc?.p ?? null));
  return family.map((one, i) => ({
    ...one,
    accuracy: { ...one.accuracy, adjusted: accuracy[i] ?? null },
    auc: one.auc && { ...one.auc, adjusted: auc[i] ?? null },
  }));
}

function adjustedOf(values: readonly (number | null)[]): readonly (number | null)[] {
  const adjusted = holmAdjusted(values.filter((p) => p !== null));
  let next = 0;
  return values.map((p) => (p === null ? null : (adjusted[next++] ?? null)));
}
