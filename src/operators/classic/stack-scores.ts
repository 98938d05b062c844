import type { Matrix } from '../survival/matrix.js';
import { designMatrix } from './design-matrix.js';
import { logisticLogits } from './logistic-ridge.js';
import type { StackModel } from './model-data.js';
import { visibleRows, type Open, type PatientInputs } from './patient-inputs.js';

/** Logits of a stacked model (method.md 12.2). A patient without any readable modality gets the base rate. */
export function stackLogits(model: StackModel, inputs: PatientInputs, open: Open): Float64Array {
  const scores = model.parts.map((part) => ({
    logits: partLogits(part, inputs, open),
    seen: visibleRows(inputs, [part], open),
  }));
  const combined = logisticLogits(
    model.combination,
    combinedColumns(
      inputs.patients.map((_, row) =>
        scores.map(({ logits, seen }) => (seen[row] === true ? (logits[row] as number) : null)),
      ),
      model.base,
    ),
  );
  return combined.map((logit, row) => (scores.some(({ seen }) => seen[row] === true) ? logit : model.base));
}

/** Logits of one modality. The logit of a patient without this modality has no meaning. */
function partLogits(part: StackModel['parts'][number], inputs: PatientInputs, open: Open): Float64Array {
  const { patients, tables, bags = [] } = inputs;
  const x =
    part.from === 'table'
      ? designMatrix(part.design, tables, patients, open)
      : meansMatrix(bags.find(({ modality }) => modality === part.modality)?.means, patients, part.width);
  return logisticLogits(part.logistic, x);
}

/**
 * The mean instances of patients, [patients, width]. The row of a patient without a bag is zero.
 *
 * @throws RangeError if the length of a mean is not `width`
 */
export function meansMatrix(
  means: ReadonlyMap<string, Float64Array> | undefined,
  patients: readonly string[],
  width: number,
): Matrix {
  const values = new Float64Array(patients.length * width);
  patients.forEach((patient, row) => {
    const own = means?.get(patient);
    if (own === undefined) return;
    if (own.length !== width)
      throw new RangeError(`a bag has instances of ${own.length} values where the model reads ${width}`);
    values.set(own, row * width);
  });
  return { rows: patients.length, columns: width, values };
}

/**
 * The inputs of the combining model (`StackModel.combination`), one column per modality: the logit of the modality
 * minus `base`, or 0 if the modality is missing.
 *
 * @param scores for each patient, the logit of each modality; null if the modality is missing
 * @param base logit of the base rate
 */
export function combinedColumns(scores: readonly (readonly (number | null)[])[], base: number): Matrix {
  return {
    ...{ rows: scores.length, columns: scores[0]?.length ?? 0 },
    values: Float64Array.from(
      scores.flatMap((row) => row.map((logit) => (logit === null ? 0 : logit - base))),
    ),
  };
}
