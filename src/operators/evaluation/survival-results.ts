import type { Inputs } from '../../pipeline/stage.js';
import type { Method } from '../methods/method.js';
import {
  survivalPredictionsFile,
  survivalPredictionsSchema,
  type SurvivalPredictions,
} from '../survival/survival-prediction-data.js';
import { byFold, foldOf, ofMethod, robustnessOf, type FoldRobustness } from './method-results.js';
import { metricsFile } from './metric-data.js';
import { survivalEvaluationSchema, type SurvivalEvaluation } from './survival-metric-data.js';

/** All results of the folds of one method with a time-to-event outcome. Lists are ascending by fold. */
export interface SurvivalResults {
  readonly method: Method;
  readonly evaluations: readonly SurvivalEvaluation[];
  readonly folds: readonly FoldSurvival[];
  readonly robustness: readonly FoldRobustness[];
}

export interface FoldSurvival {
  readonly fold: number;
  readonly predictions: SurvivalPredictions;
}

/** Reads the outputs of the training and evaluation jobs of a method. */
export function survivalResultsOf(method: Method, inputs: Inputs): SurvivalResults {
  const trained = inputs.all('stage3').filter(ofMethod(method));
  return {
    method,
    evaluations: byFold(
      inputs
        .all('evaluate')
        .filter(ofMethod(method))
        .map((artifact) => artifact.json(metricsFile, survivalEvaluationSchema)),
    ),
    folds: byFold(
      trained.map((artifact) => ({
        fold: foldOf(artifact),
        predictions: artifact.json(survivalPredictionsFile, survivalPredictionsSchema),
      })),
    ),
    robustness: robustnessOf(method, trained),
  };
}

/**
 * Test patients of all folds, in the order of folds. A patient who is tested in several repeats is listed once for
 * each.
 */
export const testedOf = ({ folds }: SurvivalResults) =>
  folds.flatMap(({ fold, predictions }) =>
    predictions.patients
      .filter(({ split }) => split === 'test')
      .map((prediction) => ({ fold, ...prediction })),
  );
