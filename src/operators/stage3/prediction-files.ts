import { logitOf } from '../criteria/binary.js';
import type { JudgedFold } from '../criteria/judged-fold.js';
import { predictionsFile } from './prediction-data.js';
import { predictionsOf } from './predictions.js';
import { survivalPredictionsFile } from '../survival/survival-prediction-data.js';
import { survivalPredictionsOf } from './survival-predictions.js';

/**
 * The file of a method's predictions in one fold: probabilities of a binary outcome, or survival curves.
 *
 * @param rows outputs of the model in evaluation mode, by the patient's position in the cohort; a patient without any
 * input has no entry
 */
export const predictionFiles = (
  data: JudgedFold,
  rows: ReadonlyMap<number, readonly number[]>,
): Readonly<Record<string, object>> =>
  data.criterion.modelOf === null
    ? { [predictionsFile]: predictionsOf(data, new Map([...rows].map(([at, row]) => [at, logitOf(row)]))) }
    : { [survivalPredictionsFile]: survivalPredictionsOf(data, rows) };
