import { HafError } from '../../pipeline/core/errors.js';
import type { OutcomeWords } from '../cohort/cohort-data.js';
import type { Problem } from '../../pipeline/core/problem.js';
import { foldName, repeatOfFold, type Counts } from './repeats.js';
import type { Fold } from './split-data.js';
import type { StratifiedPatient } from './stratified-folds.js';

const sets = ['train', 'val', 'test'] as const;
const roles = { train: 'training', val: 'validation', test: 'test' } as const;

/**
 * The advice for `cv.mode: groups` if a set of a fold is empty or has only one outcome, or if a fold tests too few
 * patients.
 */
export const joinGroups =
  'Join groups: give the patients of two or more of them one value in the column that cv.group names.';

/** The user's names of the two outcomes, and whether the outcome is time-to-event. */
export interface FoldOutcome {
  readonly words: Pick<OutcomeWords, 'positive' | 'negative'>;
  readonly inTime: boolean;
}

/**
 * Checks folds before anything is trained on them: no patient is in two sets of a fold, and no set is empty. A set with
 * only one outcome causes a warning and no error. In such a set the AUC is undefined. For time-to-event, the
 * concordance index C is undefined in a set without an event.
 *
 * @throws HafError HAF_SPLIT_INVALID
 */
export function checkFolds(
  folds: readonly Fold[],
  patients: readonly StratifiedPatient[],
  cv: Counts,
  { words, inTime }: FoldOutcome,
): readonly Problem[] {
  const outcome = new Map(patients.map(({ id, y }) => [id, y]));
  return folds.flatMap((fold, at) => {
    const name = foldName(at, cv, fold.group);
    refuseOverlap(fold, at, name);
    return sets.flatMap((set) => {
      if (fold[set].length === 0)
        throw new HafError(
          'HAF_SPLIT_INVALID',
          `${sentenceStart(name)} has no ${roles[set]} patients.`,
          fold.group === undefined
            ? 'Lower cv.folds, or correct the split file if there is one.'
            : joinGroups,
        );
      const outcomes = new Set(fold[set].map((id) => outcome.get(id)));
      // For time-to-event, the concordance index C is defined even if all patients have the event.
      if (outcomes.size > 1 || (inTime && outcomes.has(1))) return [];
      const own = outcomes.has(1) ? words.positive : words.negative;
      const fix =
        fold.group === undefined
          ? 'Lower cv.folds or add patients; check the split file if there is one.'
          : joinGroups;
      return [oneOutcome(name, roles[set], own, inTime ? 'C' : 'AUC', fix)];
    });
  });
}

function refuseOverlap(fold: Fold, at: number, name: string): void {
  const all = sets.flatMap((set) => [...new Set(fold[set])]);
  if (new Set(all).size === all.length) return;
  const shared = [...new Set(all.filter((id, position) => all.indexOf(id) < position))].sort();
  throw new HafError(
    'HAF_SPLIT_INVALID',
    `${sentenceStart(name)} has patients in two of its sets: ${shared.join(', ')}.`,
    'Leave each patient in one of train, val and test.',
    { context: { fold: at, patients: shared } },
  );
}

/**
 * Checks that each repeat of a cross-validation tests every patient only once, because the predictions of its folds are pooled by
 * patient.
 *
 * @throws HafError HAF_SPLIT_INVALID naming the patients that are tested in several folds of a repeat
 */
export function refuseRepeatedTests(folds: readonly Fold[], cv: Counts): void {
  for (let repeat = 0; repeat < cv.repeats; repeat++) {
    const tested = new Set<string>();
    const again = new Set<string>();
    for (const { test } of folds.filter((_, at) => repeatOfFold(at, cv) === repeat))
      for (const id of test) (tested.has(id) ? again : tested).add(id);
    if (again.size === 0) continue;
    const patients = [...again].sort();
    throw new HafError(
      'HAF_SPLIT_INVALID',
      `These patients are tested in more than one fold${cv.repeats === 1 ? '' : ` of repeat ${repeat}`}: ${patients.join(', ')}.`,
      'Leave each patient in the test set of one fold. For the same test patients in all folds, set cv.mode: fixedTest.',
      { context: { patients } },
    );
  }
}

const oneOutcome = (fold: string, role: string, outcome: string, metric: string, fix: string): Problem => ({
  severity: 'warning',
  stage: 'split',
  patient: null,
  file: null,
  place: fold,
  reason: `All ${role} patients of ${fold} are ${outcome}: the ${metric} of this set is undefined.`,
  fix,
});

const sentenceStart = (name: string): string => `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
