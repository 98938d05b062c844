import { probability } from '../tensor/cross-entropy.js';
import type { FoldData } from '../tensor/fold-patients.js';
import type { Prediction } from './prediction-data.js';

/**
 * Predictions of the validation and test patients of a fold, in cohort order. A patient without any input of the network gets the
 * fraction of positive patients among all training patients of the fold (method.md 8.8).
 *
 * @param scored logits by position in the cohort
 */
export function predictionsOf(
  { cohort, labels, fold }: FoldData,
  scored: ReadonlyMap<number, number>,
): readonly Prediction[] {
  const base = baseRateLogit(fold.train.map((patient) => labels[patient] as 0 | 1));
  const splits = new Map([
    ...fold.val.map((patient) => [patient, 'val'] as const),
    ...fold.test.map((patient) => [patient, 'test'] as const),
  ]);
  return cohort.patients.flatMap(({ id, y }, position) => {
    const split = splits.get(position);
    if (split === undefined) return [];
    const own = scored.get(position);
    const logit = own ?? base;
    return [{ patient: id, split, y, logit, p: probability(logit), observed: own !== undefined }];
  });
}

/** Logit of the fraction of ones. If there is only one class, half a patient of the other class is added to keep it finite. */
export function baseRateLogit(labels: readonly (0 | 1)[]): number {
  const deceased = labels.filter((y) => y === 1).length;
  const living = labels.length - deceased;
  return Math.log(Math.max(deceased, 0.5) / Math.max(living, 0.5));
}
