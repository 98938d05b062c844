import type { Config } from '../../pipeline/config/schema.js';
import type { StageContext } from '../../pipeline/stage.js';
import type { MethodResults } from './method-results.js';
import { adjustedFamily, allTogether, comparePaired, type RankedTogether } from './paired-comparison.js';
import { testsAgain } from './pooled.js';
import type { Comparison } from './summary-data.js';
import type { ClassWords } from './undefined-reasons.js';

/**
 * Compares the reference method with each method of `stats.against` that was run, as one family of tests (method.md 9.5). Empty if
 * the reference was not run.
 *
 * @param results of methods tested on the same patients
 * @param words names of the two outcomes, for texts that say why a number is undefined
 */
export function methodComparisons(
  results: readonly MethodResults[],
  context: Pick<StageContext, 'config' | 'rng'>,
  words: ClassWords,
): Comparison[] {
  const { stats } = context.config;
  const first = results.find(({ method }) => method.id === stats.reference);
  if (first === undefined || first.pooled.patients.length === 0) return [];
  const groups = rankedTogether(first, context.config);
  const against = results.filter(
    ({ method }) => method.id !== stats.reference && stats.against.some((id) => id === method.id),
  );
  return adjustedFamily(
    against.map(({ method, pooled }) => ({
      method: first.method.id,
      other: method.id,
      ...comparePaired(
        first.pooled,
        pooled,
        groups,
        stats,
        () => context.rng(`bootstrap/${first.method.id}/${method.id}`),
        words,
      ),
    })),
  );
}

/**
 * Whether the patients of each fold are ranked separately. A patient who is tested several times has one mean score that belongs to
 * no fold. Then all patients are ranked together, whatever `stats.pooling` says.
 */
export const ranksFoldsApart = ({ stats, cv }: Pick<Config, 'stats' | 'cv'>): boolean =>
  stats.pooling === 'foldMean' && !testsAgain(cv);

/** Which pooled patients of a method are ranked together (`stats.pooling`). */
export function rankedTogether(
  { folds, pooled }: MethodResults,
  config: Pick<Config, 'stats' | 'cv'>,
): RankedTogether {
  if (!ranksFoldsApart(config)) return allTogether(pooled);
  const groups = folds.map(({ predictions }) => {
    const tested = new Set(predictions.filter(({ split }) => split === 'test').map(({ patient }) => patient));
    return pooled.patients.flatMap((patient, i) => (tested.has(patient) ? [i] : []));
  });
  return { groups, folds: folds.map(({ fold }) => fold) };
}
