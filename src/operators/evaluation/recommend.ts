import type { StageContext } from '../../pipeline/stage.js';
import { rankedTogether } from './method-comparisons.js';
import type { MethodResults } from './method-results.js';
import { comparePaired } from './paired-comparison.js';
import type { Recommended } from './recommended-data.js';
import { spreadOf } from './spread-of.js';
import type { Spread } from './spread-data.js';
import type { SummaryRow } from './summary-data.js';
import type { ClassWords } from './undefined-reasons.js';

/** A method with its validation score in each fold. */
interface Candidate {
  readonly method: string;
  readonly title: string;
  readonly folds: ReadonlyMap<number, number>;
}

interface Ranked {
  readonly method: string;
  readonly title: string;
  readonly validation: Spread;
}

/** Means that differ by at most this value count as equal, because the order of summation can cause the difference. */
const rounding = 1e-12;

/**
 * The methods sorted by their mean validation score, over the folds in which all of them have a score. Methods without any score are
 * left out. Methods with equal means keep the order of the experiment.
 */
export function rankedByValidation(candidates: readonly Candidate[]): readonly Ranked[] {
  const scored = candidates.filter(({ folds }) => folds.size > 0);
  const shared = [...(scored[0]?.folds.keys() ?? [])].filter((fold) =>
    scored.every(({ folds }) => folds.has(fold)),
  );
  if (shared.length === 0) return [];
  return scored
    .map(({ method, title, folds }) => ({
      ...{ method, title },
      validation: spreadOf(shared.map((fold) => folds.get(fold) ?? null)),
    }))
    .sort((a, b) => {
      const difference = (b.validation.mean as number) - (a.validation.mean as number);
      return Math.abs(difference) <= rounding ? 0 : difference;
    });
}

/** Validation score of each fold, by fold. Folds without a validation score are left out. */
export const scoresOf = <T extends { readonly fold: number }>(
  evaluations: readonly T[],
  of: (evaluation: T) => number | null,
): ReadonlyMap<number, number> =>
  new Map(
    evaluations.flatMap((evaluation) => {
      const value = of(evaluation);
      return value === null ? [] : [[evaluation.fold, value] as const];
    }),
  );

/**
 * The best method of a ranking, the next one, and the methods with the same mean as the best. Null for an empty
 * ranking.
 */
export function choice(
  ranked: readonly Ranked[],
): Pick<Recommended, 'method' | 'title' | 'validation' | 'next' | 'tied' | 'methods'> | null {
  const [best, next] = ranked;
  if (best === undefined) return null;
  const tied = ranked.slice(1).filter(({ validation }) => {
    return Math.abs((validation.mean as number) - (best.validation.mean as number)) <= rounding;
  });
  return { ...best, next: next ?? null, tied: tied.map(({ title }) => title), methods: ranked.length };
}

/**
 * The method with the highest mean validation AUC over folds and repeats, and its results on the test patients (method.md 9.7). Test
 * patients do not influence the choice. Null without validation scores.
 */
export function recommendedOf(
  results: readonly MethodResults[],
  rows: readonly SummaryRow[],
  context: Pick<StageContext, 'config' | 'rng'>,
  words: ClassWords,
): Recommended | null {
  const ranked = rankedByValidation(
    results.map(({ method: { id, title }, evaluations }) => ({
      ...{ method: id, title },
      folds: scoresOf(evaluations, ({ val }) => val.auc),
    })),
  );
  const chosen = choice(ranked);
  const best = results.find(({ method }) => method.id === chosen?.method);
  const row = rows.find(({ method }) => method === chosen?.method);
  if (chosen === null || best === undefined || row === undefined) return null;
  const next = results.find(({ method }) => method.id === chosen.next?.method);
  return {
    metric: 'AUC',
    ...chosen,
    test: { spread: row.auc, pooled: row.pooledAuc },
    difference: next === undefined ? null : differenceInAuc(best, next, context, words),
  };
}

function differenceInAuc(
  best: MethodResults,
  next: MethodResults,
  { config, rng }: Pick<StageContext, 'config' | 'rng'>,
  words: ClassWords,
): Recommended['difference'] {
  if (best.pooled.patients.length === 0) return undefinedDifference('There are no test patients.');
  const { auc, aucReason } = comparePaired(
    best.pooled,
    next.pooled,
    rankedTogether(best, config),
    config.stats,
    () => rng(`recommended/${best.method.id}/${next.method.id}`),
    words,
  );
  return auc === null
    ? undefinedDifference(aucReason ?? '')
    : { value: auc.difference, ci95: auc.ci95, p: auc.p, reason: auc.reason ?? null };
}

const undefinedDifference = (reason: string): Recommended['difference'] => ({
  ...{ value: null, ci95: null, p: null },
  reason,
});
