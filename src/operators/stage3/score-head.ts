import type { Rng } from '../../pipeline/core/rng.js';
import type { Target } from '../criteria/criterion.js';
import { inWholeBatches } from '../heads/outputs.js';
import type { JudgedFold } from '../criteria/judged-fold.js';
import { hasAny } from '../embeddings/modality-inputs.js';
import { predictionFiles } from './prediction-files.js';
import type { Robustness } from './robustness-data.js';
import { foldRobustness, type Tested } from './robustness.js';

/** A trained head and the vectors of all patients that it reads. */
export type TrainedHead = Pick<Tested, 'head' | 'parameters' | 'inputs'>;

/**
 * Scores the patients of a fold. Patients without any input of the head get the base rate (binary outcome) or the
 * survival curve of all training patients.
 */
export async function headPredictions(
  { head, parameters, inputs }: TrainedHead,
  data: JudgedFold,
): Promise<Readonly<Record<string, object>>> {
  const visible = scoredPatients(data).filter((patient) => hasAny(inputs, patient));
  const rows = await inWholeBatches(visible, undefined, (patients) =>
    head.outputs(parameters, { inputs, patients }),
  );
  return predictionFiles(data, new Map(visible.map((patient, i) => [patient, rows[i] as readonly number[]])));
}

/**
 * The patients that a trained method scores: validation and test patients. For a time-to-event outcome also the
 * training patients, because their scores are needed for the curves and for the cuts of the risk groups.
 */
export const scoredPatients = ({ fold, criterion }: JudgedFold): readonly number[] => [
  ...(criterion.modelOf === null ? [] : fold.train),
  ...fold.val,
  ...fold.test,
];

/** Test metrics of a trained head when modalities are hidden from it (method.md 9.2). */
export const headRobustness = (
  trained: TrainedHead,
  { fold: { test }, targets, criterion }: JudgedFold,
  draws: number,
  rng: Rng,
): Promise<Robustness> =>
  foldRobustness(
    {
      ...{ ...trained, patients: test, criterion },
      targets: test.map((patient) => targets[patient] as Target),
    },
    draws,
    rng,
  );
