import type { Config } from '../../pipeline/config/schema.js';
import { HafError } from '../../pipeline/core/errors.js';
import type { Artifact, Inputs } from '../../pipeline/stage.js';
import {
  calibrationFile,
  foldCalibrationSchema,
  type FoldCalibration,
} from '../calibration/calibration-data.js';
import { hidesModalities, type Method } from '../methods/method.js';
import { predictionsFile, predictionsSchema } from '../stage3/prediction-data.js';
import { robustnessFile, foldRobustnessSchema, type Robustness } from '../stage3/robustness-data.js';
import { evaluationSchema, metricsFile, type Evaluation } from './metric-data.js';
import { poolTestScores, type FoldPredictions, type PooledScores } from './pooled.js';

/** All results of the folds of one method. Lists are ascending by fold. */
export interface MethodResults {
  readonly method: Method;
  readonly evaluations: readonly Evaluation[];
  readonly folds: readonly FoldPredictions[];
  readonly calibrations: readonly FoldCalibration[];
  readonly pooled: PooledScores;
  /** Metrics with hidden modalities. Empty for a method that is not scored with hidden modalities. */
  readonly robustness: readonly FoldRobustness[];
}

export interface FoldRobustness {
  readonly fold: number;
  readonly robustness: Robustness;
}

/**
 * Reads the outputs of the training and evaluation jobs of a method.
 * @throws HafError if the test predictions of the folds do not fit together (see `poolTestScores`)
 */
export function resultsOf(method: Method, inputs: Inputs, cv: Config['cv']): MethodResults {
  const trained = inputs.all('stage3').filter(ofMethod(method));
  const folds = byFold(
    trained.map((artifact) => ({
      fold: foldOf(artifact),
      predictions: artifact.json(predictionsFile, predictionsSchema),
    })),
  );
  const evaluated = inputs.all('evaluate').filter(ofMethod(method));
  return {
    method,
    evaluations: byFold(evaluated.map((artifact) => artifact.json(metricsFile, evaluationSchema))),
    folds,
    calibrations: byFold(evaluated.map((artifact) => artifact.json(calibrationFile, foldCalibrationSchema))),
    pooled: poolTestScores(method.id, folds, cv),
    robustness: robustnessOf(method, trained),
  };
}

export const ofMethod =
  ({ id }: Method) =>
  (artifact: Artifact): boolean =>
    artifact.unit.method === id;

/** The robustness files of the trained models of a method. Empty for a method that is not scored with hidden modalities. */
export const robustnessOf = (method: Method, trained: readonly Artifact[]): readonly FoldRobustness[] =>
  hidesModalities(method)
    ? byFold(
        trained.map((artifact) => ({
          fold: foldOf(artifact),
          robustness: artifact.json(robustnessFile, foldRobustnessSchema),
        })),
      )
    : [];

export function foldOf({ unit: { fold } }: Artifact): number {
  if (fold !== undefined) return fold;
  throw new HafError(
    'HAF_INTERNAL',
    'aggregate was given predictions without a fold.',
    'Please report it with the log of the run.',
  );
}

export const byFold = <T extends { readonly fold: number }>(items: readonly T[]): T[] =>
  [...items].sort((a, b) => a.fold - b.fold);

/**
 * Checks that every method was tested on the same patients. Otherwise rows are not comparable.
 * @throws HafError HAF_SPLIT_INVALID
 */
export function refuseUnequalTests([first, ...others]: readonly MethodResults[]): void {
  if (first === undefined) return;
  const expected = new Set(first.pooled.patients);
  for (const { method, pooled } of others) {
    const actual = new Set(pooled.patients);
    const odd = [
      ...pooled.patients.filter((id) => !expected.has(id)),
      ...first.pooled.patients.filter((id) => !actual.has(id)),
    ];
    if (odd.length > 0)
      throw new HafError(
        'HAF_SPLIT_INVALID',
        `Methods "${first.method.id}" and "${method.id}" were not tested on the same patients: ${odd.slice(0, 5).join(', ')}.`,
        'All methods of a run must use the same folds: run the experiment again with one split.',
        { context: { methods: [first.method.id, method.id], patients: odd } },
      );
  }
}
