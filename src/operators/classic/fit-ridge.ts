import type { Rng } from '../../pipeline/core/rng.js';
import { dealFolds } from '../stats/deal-folds.js';
import { designMatrix, fitDesign } from './design-matrix.js';
import { fitLogisticRidge } from './logistic-ridge.js';
import type { RidgeModel } from './model-data.js';
import type { PatientInputs } from './patient-inputs.js';

/** Number of inner folds for choosing a penalty. */
const innerFolds = 5;

/** A fitted model and notes for the user. */
export interface FittedModel<M> {
  readonly model: M;
  readonly notes: readonly string[];
}

/**
 * The inner fold of each training patient, for each of `divisions` random divisions into folds. Empty if a class is too
 * small to be in at least two folds.
 */
export function innerFoldsOf(y: readonly (0 | 1)[], random: Rng, divisions = 1): readonly Int32Array[] {
  const positive = y.filter((own) => own === 1).length;
  const folds = Math.min(innerFolds, positive, y.length - positive);
  return folds < 2 ? [] : Array.from({ length: divisions }, () => dealFolds(y, folds, random));
}

/**
 * Penalised logistic regression on the columns of all tables (method.md 12.1).
 *
 * @param training training patients with at least one row
 * @param y class of each training patient
 */
export function fitRidge(
  training: PatientInputs,
  y: readonly (0 | 1)[],
  base: number,
  random: Rng,
): FittedModel<RidgeModel> {
  const { tables, patients } = training;
  const design = fitDesign(tables, patients, { marks: 'once', absent: 'mean' });
  const { model, notes } = fitLogisticRidge(
    designMatrix(design, tables, patients),
    y,
    innerFoldsOf(y, random),
  );
  return { model: { kind: 'ridge', base, design, logistic: model }, notes };
}
