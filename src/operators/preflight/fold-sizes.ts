import type { Config } from '../../pipeline/config/schema.js';
import type { Problem } from '../../pipeline/core/problem.js';
import { counted } from '../../pipeline/core/wording.js';
import type { ReadOutcome } from '../cohort/read-outcome.js';

/**
 * Judges `cv.folds` by the patients with a known outcome, before any patient is left out of the cohort. The rules of
 * the cohort only remove patients. So, if there are too many folds for these patients, there are too many for the
 * cohort. Only drawn folds (`kfold`) are judged here. `checkFolds` checks folds from a file, from groups, or with a
 * fixed test set.
 *
 * @returns a warning for each outcome that some folds cannot have
 */
export function judgeFolds(
  { patients, words }: Pick<ReadOutcome, 'patients' | 'words'>,
  { cv, cohort, data }: Pick<Config, 'cv' | 'cohort' | 'data'>,
): readonly Problem[] {
  if (cv.mode !== 'kfold' || data.splits !== null) return [];
  // With a landmark label, an event after the landmark is negative, but it counts as positive here. `checkFolds` checks
  // the folds of this label later.
  if (cohort.label === 'landmark') return [];
  const inTime = data.outcome.kind === 'timeToEvent';
  // Half of the held-out patients validates and half tests, so that a fold needs two of each outcome.
  const needed = cv.validation === 'halfOfTest' ? 2 : 1;
  const groups = [
    { name: words.positive, count: patients.filter(({ y }) => y === 1).length },
    // For time-to-event, the concordance index C is defined even if all patients have the event.
    ...(inTime ? [] : [{ name: words.negative, count: patients.filter(({ y }) => y === 0).length }]),
  ];
  return groups.flatMap(({ name, count }): Problem[] => {
    const without = needed * cv.folds - count;
    // If no patient has this outcome, no warning is needed, because `preflight` refuses the data.
    if (without <= 0 || count === 0) return [];
    const set = needed === 1 ? 'test set' : 'validation or test set';
    const most = Math.floor(count / needed);
    return [
      {
        ...{ severity: 'warning', stage: 'split', patient: null, file: null, place: 'cv.folds' },
        reason: `${cv.folds} folds are too many for ${counted(count, 'patient')} with ${name}: at least ${counted(without, set)} would have none of them, with an undefined ${inTime ? 'C' : 'AUC'}.`,
        fix: most >= 2 ? `Set cv.folds to ${most} or less, or add patients.` : 'Add patients.',
      },
    ];
  });
}
