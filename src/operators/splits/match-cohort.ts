import type { Problem } from '../../pipeline/core/problem.js';
import type { Fold } from './split-data.js';

const problem = (file: string, patient: string, reason: string, fix: string): Problem => ({
  severity: 'info',
  stage: 'split',
  patient,
  file,
  place: null,
  reason,
  fix,
});

/** The patients of a split file that are in the cohort, sorted. Other patients of the file are reported. */
export function knownPatients(
  file: string,
  listed: readonly string[],
  cohort: ReadonlySet<string>,
): { known: string[]; problems: Problem[] } {
  const unknown = [...new Set(listed)].filter((id) => !cohort.has(id)).sort();
  return {
    known: listed.filter((id) => cohort.has(id)).sort(),
    problems: unknown.map((id) =>
      problem(
        file,
        id,
        'The split file lists the patient, who is not in the cohort.',
        'Nothing needs to be done if this is intended.',
      ),
    ),
  };
}

/**
 * A user's folds, reduced to patients of the cohort. The omitted patients are reported. Patients of the cohort that are
 * in no set of a fold are also reported, because they neither train nor test this fold.
 */
export function matchFolds(
  file: string,
  folds: readonly Fold[],
  cohort: ReadonlySet<string>,
): { folds: Fold[]; problems: Problem[] } {
  const listed = folds.map(({ train, val, test }) => new Set([...train, ...val, ...test]));
  const { problems } = knownPatients(
    file,
    listed.flatMap((fold) => [...fold]),
    cohort,
  );
  for (const id of cohort) {
    const without = listed.flatMap((fold, at) => (fold.has(id) ? [] : [at]));
    if (without.length > 0) problems.push(unused(file, id, without, folds.length));
  }
  const known = (ids: readonly string[]): string[] => knownPatients(file, ids, cohort).known;
  return {
    folds: folds.map(({ train, val, test }) => ({ train: known(train), val: known(val), test: known(test) })),
    problems,
  };
}

/** Warns of patients of the cohort that the user's list of training and test patients lacks. */
export const unlisted = (file: string, listed: readonly string[], cohort: ReadonlySet<string>): Problem[] => {
  const known = new Set(listed);
  return [...cohort].filter((id) => !known.has(id)).map((id) => unused(file, id, [0], 1));
};

function unused(file: string, id: string, without: readonly number[], count: number): Problem {
  const where = without.length === count ? 'the split file' : `fold ${without.join(', ')} of the split file`;
  return {
    ...problem(
      file,
      id,
      `The patient is in no set of ${where} and is not used there.`,
      'Add the patient to the file if the patient should be used.',
    ),
    severity: 'warning',
  };
}
