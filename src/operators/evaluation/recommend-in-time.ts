import type { StageContext } from '../../pipeline/stage.js';
import { compareSurvivalRuns } from './compare-survival.js';
import { concordanceWithInterval } from './concordance-interval.js';
import { choice, rankedByValidation, scoresOf } from './recommend.js';
import type { Recommended } from './recommended-data.js';
import type { SummaryRow } from './summary-data.js';
import { testedOf, type SurvivalResults } from './survival-results.js';

/**
 * The method with the highest mean validation C over folds and repeats, and its results on the test patients (method.md 9.7). Null
 * without validation scores.
 */
export function recommendedInTime(
  results: readonly SurvivalResults[],
  rows: readonly SummaryRow[],
  { config: { stats }, rng }: Pick<StageContext, 'config' | 'rng'>,
): Recommended | null {
  const ranked = rankedByValidation(
    results.map(({ method: { id, title }, evaluations }) => ({
      ...{ method: id, title },
      folds: scoresOf(evaluations, ({ val }) => val.c),
    })),
  );
  const chosen = choice(ranked);
  const best = results.find(({ method }) => method.id === chosen?.method);
  const row = rows.find(({ method }) => method === chosen?.method)?.survival;
  if (chosen === null || best === undefined || row === undefined) return null;
  const next = results.find(({ method }) => method.id === chosen.next?.method);
  const tested = (one: SurvivalResults) => ({
    ...{ run: 'this run', method: one.method.id },
    patients: testedOf(one),
  });
  const [compared] =
    next === undefined
      ? []
      : compareSurvivalRuns([[tested(best), tested(next)]], stats.bootstrap, (one, other) =>
          rng(`recommended/${one.method}/${other.method}`),
        );
  return {
    metric: 'C',
    ...chosen,
    test: {
      spread: row.c,
      pooled: concordanceWithInterval(testedOf(best), stats.bootstrap, rng(`recommended/${best.method.id}`)),
    },
    difference:
      compared === undefined
        ? null
        : {
            value: compared.difference,
            ci95: compared.ci95 === null ? null : [...compared.ci95],
            p: compared.p,
            reason: compared.reason,
          },
  };
}
