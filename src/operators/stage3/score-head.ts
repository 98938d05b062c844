import type { Rng } from '../../pipeline/core/rng.js';
import { hasAny } from '../embeddings/modality-inputs.js';
import type { FoldData } from '../tensor/fold-patients.js';
import type { Prediction } from './prediction-data.js';
import { predictionsOf } from './predictions.js';
import type { Robustness } from './robustness-data.js';
import { robustnessOf, type Tested } from './robustness.js';

/** A trained head and the vectors of all patients that it reads. */
export type TrainedHead = Pick<Tested, 'head' | 'parameters' | 'inputs'>;

/** Scores the validation and test patients of a fold, those it sees nothing of by the base rate. */
export async function headPredictions(
  { head, parameters, inputs }: TrainedHead,
  data: FoldData,
): Promise<readonly Prediction[]> {
  const { val, test } = data.fold;
  const visible = [...val, ...test].filter((patient) => hasAny(inputs, patient));
  const logits = await head.logits(parameters, { inputs, patients: visible });
  return predictionsOf(data, new Map(visible.map((patient, i) => [patient, logits[i] as number])));
}

/** Its test metrics when modalities are hidden from it (method.md 9.2). */
export const headRobustness = (
  trained: TrainedHead,
  { fold: { test }, labels }: FoldData,
  draws: number,
  rng: Rng,
): Promise<Robustness> =>
  robustnessOf(
    { ...trained, patients: test, labels: test.map((patient) => labels[patient] as 0 | 1) },
    draws,
    rng,
  );
