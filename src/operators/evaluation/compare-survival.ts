import { HafError } from '../../pipeline/core/errors.js';
import type { Rng } from '../../pipeline/core/rng.js';
import { addPairs, concordanceOf, harrellPairs } from '../survival/concordance.js';
import { followUpOfPatients } from '../survival/follow-up.js';
import { comparePairedConcordance } from '../survival/paired-concordance.js';
import type { TestedPatient } from '../survival/risk-groups.js';
import { holmAdjusted } from '../stats/holm.js';

/** The test patients of all folds of one method of a run. */
export interface TestedMethod {
  readonly run: string;
  readonly method: string;
  readonly patients: readonly TestedPatient[];
}

/**
 * A comparison of two methods on the same test patients of the same folds. `difference` is the C (Harrell's C within
 * folds) of the first method minus the C of the second.
 */
export interface SurvivalRunComparison {
  readonly first: { readonly run: string; readonly method: string; readonly c: number | null };
  readonly second: { readonly run: string; readonly method: string; readonly c: number | null };
  readonly patients: number;
  readonly difference: number | null;
  readonly ci95: readonly [number, number] | null;
  readonly p: number | null;
  readonly adjusted: number | null;
  /** Why the difference, or only its interval and p, are null. */
  readonly reason: string | null;
}

/**
 * Compares methods of two time-to-event runs by a paired bootstrap of the test patients (method.md 11.5). The pairs are
 * one family for Holm's adjustment.
 *
 * @throws HafError HAF_SPLIT_INVALID if the methods of a pair test different patients in a fold (risks are compared
 * only within a fold), or if times or events differ
 */
export function compareSurvivalRuns(
  pairs: readonly (readonly [TestedMethod, TestedMethod])[],
  bootstrap: number,
  rng: (first: TestedMethod, second: TestedMethod) => Rng,
): readonly SurvivalRunComparison[] {
  const compared = pairs.map(([first, second]) => {
    const risks = matched(first, second);
    const { patients } = first;
    const numbers = new Map([...new Set(patients.map(({ patient }) => patient))].map((id, i) => [id, i]));
    const found = comparePairedConcordance(
      {
        followUp: followUpOfPatients(patients),
        first: patients.map(({ risk }) => risk),
        second: risks,
        fold: patients.map(({ fold }) => fold),
        patient: patients.map(({ patient }) => numbers.get(patient) as number),
      },
      bootstrap,
      rng(first, second),
    );
    return {
      ...{ first: side(first), second: side(second), patients: numbers.size },
      ...{ difference: found.difference.value, reason: found.difference.reason ?? found.unvaried },
      ...{ ci95: found.ci95, p: found.p },
    };
  });
  const tested = compared.filter(({ p }) => p !== null);
  const adjusted = holmAdjusted(tested.map(({ p }) => p as number));
  return compared.map((one) => ({ ...one, adjusted: adjusted[tested.indexOf(one)] ?? null }));
}

/** One method of a comparison, with its C over the pairs of patients within each fold. */
function side({ run, method, patients }: TestedMethod): SurvivalRunComparison['first'] {
  const folds = [...new Set(patients.map(({ fold }) => fold))].map((fold) =>
    patients.filter((one) => one.fold === fold),
  );
  const pairs = folds.map((members) =>
    harrellPairs(
      followUpOfPatients(members),
      members.map(({ risk }) => risk),
    ),
  );
  return { run, method, c: concordanceOf(addPairs(pairs)).value };
}

/** The risks of the second method, in the order of the first method's patients. */
function matched(first: TestedMethod, second: TestedMethod): readonly number[] {
  const names = `"${first.method}" of ${first.run} and "${second.method}" of ${second.run}`;
  const keyOf = ({ fold, patient }: TestedPatient): string => `${fold}/${patient}`;
  const others = new Map(second.patients.map((one) => [keyOf(one), one]));
  const odd = first.patients.find((one) => {
    const other = others.get(keyOf(one));
    return other?.time !== one.time || other.event !== one.event;
  });
  if (odd !== undefined || others.size !== first.patients.length)
    throw new HafError(
      'HAF_SPLIT_INVALID',
      `${names} were not tested on the same patients in the same folds${odd === undefined ? '' : `: ${odd.patient}, fold ${odd.fold}`}.`,
      'Risks are compared within a fold: compare runs with the same cohort, outcome, cv.seed, cv.folds and cv.repeats.',
    );
  return first.patients.map((one) => (others.get(keyOf(one)) as TestedPatient).risk);
}
