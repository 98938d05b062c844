import { coxRidgeRisks } from '../survival/cox-ridge.js';
import { designMatrix } from './design-matrix.js';
import { forestShares } from './forest.js';
import { logisticLogits } from './logistic-ridge.js';
import type { ClassicModel } from './model-data.js';
import { visibleRows, type Open, type PatientInputs } from './patient-inputs.js';
import { stackLogits } from './stack-scores.js';

/**
 * Outputs of a model for patients: logits of the positive class, or linear predictors of time-to-event. Training and prediction of
 * new patients use this same function, so both give identical bits.
 *
 * @throws RangeError if a given table lacks a column that the model reads
 */
export function modelOutputs(
  model: ClassicModel,
  inputs: PatientInputs,
  open: Open = () => true,
): Float64Array {
  const { patients, tables } = inputs;
  switch (model.kind) {
    case 'ridge': {
      const logits = logisticLogits(model.logistic, designMatrix(model.design, tables, patients, open));
      const seen = visibleRows(inputs, model.design.tables, open);
      return logits.map((logit, row) => (seen[row] === true ? logit : model.base));
    }
    case 'forest': {
      const shares = forestShares(model.trees, designMatrix(model.design, tables, patients, open));
      const seen = visibleRows(inputs, model.design.tables, open);
      return shares.map((share, row) => (seen[row] === true ? logitOfShare(share) : model.base));
    }
    case 'stack':
      return stackLogits(model, inputs, open);
    case 'coxRidge': {
      const { design, mean, factor, coefficients } = model;
      return coxRidgeRisks(
        {
          scale: { mean: Float64Array.from(mean), factor: Float64Array.from(factor) },
          coefficients: Float64Array.from(coefficients),
        },
        designMatrix(design, tables, patients, open),
      );
    }
    case 'kaplanMeier':
      return new Float64Array(patients.length);
  }
}

/**
 * The logit of a fraction. The logits of 0 and 1 are infinite, so these fractions count as half an event, or half a
 * non-event, among 10,000 patients.
 */
function logitOfShare(share: number): number {
  const inside = Math.min(Math.max(share, 0.00005), 0.99995);
  return Math.log(inside / (1 - inside));
}
