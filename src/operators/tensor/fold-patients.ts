import { HafError } from '../../pipeline/core/errors.js';
import type { StageContext } from '../../pipeline/stage.js';
import { readCohort, type Cohort } from '../cohort/cohort-data.js';
import { splitsFile, splitsSchema } from '../splits/split-data.js';

/** The training, validation and test patients of a fold, as ascending positions in the cohort. */
export interface FoldPatients {
  readonly train: readonly number[];
  readonly val: readonly number[];
  readonly test: readonly number[];
}

/** The cohort of a training job, its labels in cohort order and the patients of its fold. */
export interface FoldData {
  readonly cohort: Cohort;
  readonly labels: readonly (0 | 1)[];
  readonly fold: FoldPatients;
}

/**
 * Reads cohort and split of a job whose unit names a fold.
 *
 * @throws HafError HAF_SPLIT_INVALID if the split has no such fold or names a patient that is not in the cohort
 */
export function readFold({ unit, inputs }: StageContext): FoldData {
  const cohort = readCohort(inputs);
  const fold = inputs.one('split').json(splitsFile, splitsSchema).folds[unit.fold ?? -1];
  if (!fold)
    throw new HafError(
      'HAF_SPLIT_INVALID',
      `The split has no fold ${unit.fold ?? '(none given)'}.`,
      'Make cv.folds and the split file agree.',
    );
  const positions = new Map(cohort.patients.map(({ id }, position) => [id, position]));
  const positionsOf = (ids: readonly string[]): readonly number[] =>
    ids
      .map((id) => {
        const position = positions.get(id);
        if (position !== undefined) return position;
        throw new HafError(
          'HAF_SPLIT_INVALID',
          `Fold ${unit.fold ?? ''} names patient ${id}, who is not in the cohort.`,
          'Take the patient out of the split file.',
        );
      })
      .sort((a, b) => a - b);
  return {
    cohort,
    labels: cohort.patients.map(({ y }) => y),
    fold: { train: positionsOf(fold.train), val: positionsOf(fold.val), test: positionsOf(fold.test) },
  };
}

/** @throws HafError HAF_COHORT_INVALID if there is no training patient. */
export function requireTraining(patients: readonly number[], of: string): void {
  if (patients.length > 0) return;
  throw new HafError(
    'HAF_COHORT_INVALID',
    `No training patient of the fold has ${of}.`,
    'Use fewer folds, or leave out the modalities that so few patients have.',
  );
}
