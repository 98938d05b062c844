import type { StageContext } from '../../pipeline/stage.js';
import { compareSurvivalRuns, type TestedMethod } from './compare-survival.js';
import { testedOf, type SurvivalResults } from './survival-results.js';
import type { SurvivalComparison } from './survival-summary-data.js';

/**
 * Compares the reference method with each method of `stats.against` that was run, and with the classical methods (such
 * as Kaplan-Meier): the difference in Harrell's C within folds by a paired bootstrap, as one family for Holm's
 * adjustment (method.md 11.5). Empty if the reference was not run.
 *
 * @param results of methods tested on the same patients
 */
export function survivalComparisons(
  results: readonly SurvivalResults[],
  { config: { stats }, rng }: Pick<StageContext, 'config' | 'rng'>,
): SurvivalComparison[] {
  const tested = (one: SurvivalResults): TestedMethod => ({
    ...{ run: 'this run', method: one.method.id },
    patients: testedOf(one),
  });
  const reference = results.find(({ method }) => method.id === stats.reference);
  if (reference === undefined) return [];
  const first = tested(reference);
  const others = results
    .filter(({ method }) => method.id !== stats.reference)
    .filter(({ method }) => method.kind === 'classic' || stats.against.includes(method.id));
  return compareSurvivalRuns(
    others.map((other) => [first, tested(other)]),
    stats.bootstrap,
    (one, other) => rng(`bootstrap/${one.method}/${other.method}`),
  ).map(({ first: one, second: other, ci95, ...found }) => ({
    ...{ ...found, method: one.method, other: other.method },
    ci95: ci95 === null ? null : [ci95[0], ci95[1]],
  }));
}
