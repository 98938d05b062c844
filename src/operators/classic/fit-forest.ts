import type { Rng } from '../../pipeline/core/rng.js';
import { designMatrix, fitDesign } from './design-matrix.js';
import type { FittedModel } from './fit-ridge.js';
import { growForest } from './forest.js';
import type { ForestModel } from './model-data.js';
import type { PatientInputs } from './patient-inputs.js';

/**
 * Random forest on the columns of all tables (method.md 12.3).
 *
 * @param training training patients with at least one row
 * @param y class of each
 */
export function fitForest(
  { tables, patients }: PatientInputs,
  y: readonly (0 | 1)[],
  base: number,
  random: Rng,
): FittedModel<ForestModel> {
  const design = fitDesign(tables, patients, { marks: 'once' });
  const x = designMatrix(design, tables, patients);
  const trees = growForest(x, y, { trees: 500, minLeaf: 5 }, random);
  return { model: { kind: 'forest', base, design, trees: [...trees] }, notes: [] };
}
