import { coxRidgeRisks } from '../survival/cox-ridge.js';
import { designMatrix, type ModalityTable } from './design-matrix.js';
import { logisticLogits } from './logistic-ridge.js';
import type { ClassicModel } from './model-data.js';

/** What a classical model reads of patients. */
export interface PatientInputs {
  readonly patients: readonly string[];
  /** Tables with rows of some of these patients. */
  readonly tables: readonly ModalityTable[];
}

/** Whether the modality of a patient (position in `patients`) may be read. */
export type Open = (row: number, modality: string) => boolean;

/**
 * Outputs of a model for patients: logits of the positive class, or linear predictors of time-to-event. Training and prediction
 * of new patients use this one function, so both give the same bits.
 *
 * @throws RangeError when a given table lacks a column that the model reads
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

/** Whether a row of one of these modalities is there and may be read, of each patient. */
export function visibleRows(
  { patients, tables }: PatientInputs,
  modalities: readonly { readonly modality: string }[],
  open: Open = () => true,
): readonly boolean[] {
  const rows = modalities.map(({ modality }) => {
    const table = tables.find((one) => one.modality === modality)?.table;
    return [modality, new Set(table?.patients)] as const;
  });
  return patients.map((patient, row) =>
    rows.some(([modality, having]) => having.has(patient) && open(row, modality)),
  );
}
