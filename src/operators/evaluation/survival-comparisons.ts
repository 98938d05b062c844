import type { StageContext } from '../../pipeline/stage.js';
import { followUpOf } from '../survival/follow-up.js';
import { comparePairedConcordance } from '../survival/paired-concordance.js';
import { holmAdjusted } from '../stats/holm.js';
import { testedOf, type SurvivalResults } from './survival-results.js';
import type { SurvivalComparison } from './survival-summary-data.js';

/**
 * The reference method against each of `stats.against` that was run, and against the baselines: difference in Harrell's C within folds by
 * a paired bootstrap, one family for Holm (method.md 11.5). None when the reference was not run.
 *
 * @param results of methods tested on the same patients
 */
export function survivalComparisons(
  results: readonly SurvivalResults[],
  { config: { stats }, rng }: Pick<StageContext, 'config' | 'rng'>,
): SurvivalComparison[] {
  const reference = results.find(({ method }) => method.id === stats.reference);
  if (reference === undefined) return [];
  const first = testedOf(reference);
  const numbers = new Map([...new Set(first.map(({ patient }) => patient))].map((id, i) => [id, i]));
  const keyOf = ({ fold, patient }: (typeof first)[number]): string => `${fold}/${patient}`;
  const compared = results
    .filter(({ method }) => method.id !== stats.reference)
    .filter(({ method }) => method.kind === 'classic' || stats.against.includes(method.id))
    .map((other) => {
      const risks = new Map(testedOf(other).map((one) => [keyOf(one), one.risk]));
      const found = comparePairedConcordance(
        {
          followUp: followUpOf(
            first.map(({ time }) => time),
            first.map(({ event }) => event),
          ),
          first: first.map(({ risk }) => risk),
          second: first.map((one) => risks.get(keyOf(one)) ?? NaN),
          fold: first.map(({ fold }) => fold),
          patient: first.map(({ patient }) => numbers.get(patient) as number),
        },
        stats.bootstrap,
        rng(`bootstrap/${stats.reference}/${other.method.id}`),
      );
      return {
        ...{ method: stats.reference, other: other.method.id, patients: numbers.size },
        ...{ difference: found.difference.value, reason: found.difference.reason, p: found.p },
        ci95: found.ci95 === null ? null : ([found.ci95[0], found.ci95[1]] as [number, number]),
      };
    });
  const tested = compared.filter(({ p }) => p !== null);
  const adjusted = holmAdjusted(tested.map(({ p }) => p as number));
  return compared.map((one) => ({ ...one, adjusted: adjusted[tested.indexOf(one)] ?? null }));
}
