import type { Artifact } from '../../pipeline/stage.js';
import type { Cohort } from '../cohort/cohort-data.js';
import { logitOf } from '../criteria/binary.js';
import { predictionsFile, predictionsSchema } from '../stage3/prediction-data.js';
import { survivalPredictionsFile, survivalPredictionsSchema } from '../survival/survival-prediction-data.js';
import type { ScoringModel } from './scoring-model.js';

/**
 * Scores the test patients of a fold again by the bundled model `model`, and compares each output with the prediction
 * of the training job.
 */
export async function agreementWith(
  trained: Artifact,
  model: ScoringModel,
  { patients }: Pick<Cohort, 'patients'>,
  inTime: boolean,
): Promise<{ readonly predictions: number; readonly largestDifference: number }> {
  const predicted = predictionsOf(trained, inTime);
  const positions = new Map(patients.map(({ id }, position) => [id, position]));
  const seen = predicted.filter(({ observed }) => observed);
  const rows = await model.outputs(seen.map(({ patient }) => positions.get(patient) as number));
  let largestDifference = 0;
  seen.forEach(({ outputs }, i) => {
    const row = rows[i] as readonly number[];
    const own = outputs.length === row.length ? row : [logitOf(row)];
    outputs.forEach((value, k) => {
      const difference = Math.abs(value - (own[k] as number));
      // `!(a <= b)` and not `a > b`, so that NaN also counts as a difference.
      if (!(difference <= largestDifference)) largestDifference = difference;
    });
  });
  return { predictions: seen.length, largestDifference };
}

interface TestPrediction {
  readonly patient: string;
  readonly observed: boolean;
  readonly outputs: readonly number[];
}

function predictionsOf(trained: Artifact, inTime: boolean): readonly TestPrediction[] {
  const inTest = ({ split }: { readonly split: string }): boolean => split === 'test';
  if (inTime) return trained.json(survivalPredictionsFile, survivalPredictionsSchema).patients.filter(inTest);
  return trained
    .json(predictionsFile, predictionsSchema)
    .filter(inTest)
    .map(({ patient, observed, logit }) => ({ patient, observed, outputs: [logit] }));
}
