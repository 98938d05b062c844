import { HafError } from '../../pipeline/core/errors.js';
import type { Target } from '../criteria/criterion.js';
import type { JudgedFold } from '../criteria/judged-fold.js';
import { riskOf } from '../survival/survival-model.js';
import type { SurvivalPrediction, SurvivalPredictions } from '../survival/survival-prediction-data.js';

/**
 * Curves and risks of all patients of a fold, in cohort order. A patient without any input of the network gets the
 * curve of the fold's training patients (method.md 11.1).
 *
 * @param rows outputs of the model in evaluation mode, by the patient's position in the cohort
 * @throws HafError HAF_TRAINING_DIVERGED if a risk is not finite, because no statistic may be computed from it
 */
export function survivalPredictionsOf(
  { cohort, targets, labels, fold, criterion, notes }: JudgedFold,
  rows: ReadonlyMap<number, readonly number[]>,
): SurvivalPredictions {
  if (criterion.modelOf === null) throw new Error('A binary outcome has no survival curves');
  const trained = fold.train.filter((position) => rows.has(position));
  const { model, unseen } = criterion.modelOf(
    trained.map((position) => rows.get(position) as readonly number[]),
    trained.map((position) => targets[position] as Target),
  );
  const splits = new Map(
    (['train', 'val', 'test'] as const).flatMap((split) =>
      fold[split].map((position) => [position, split] as const),
    ),
  );
  const patients = cohort.patients.flatMap(({ id, followUpDays }, position): SurvivalPrediction[] => {
    const split = splits.get(position);
    if (split === undefined) return [];
    const own = rows.get(position);
    const outputs = [...(own ?? unseen)];
    return [
      {
        ...{ patient: id, split, time: followUpDays as number, event: labels[position] as 0 | 1 },
        ...{ outputs, risk: riskOf(model, outputs), observed: own !== undefined },
      },
    ];
  });
  const odd = patients.find(({ risk }) => !Number.isFinite(risk));
  if (odd !== undefined)
    throw new HafError(
      'HAF_TRAINING_DIVERGED',
      `The risk of patient ${odd.patient} is ${odd.risk}.`,
      'Lower train.lr, and check the inputs for extreme values.',
      { context: { patient: odd.patient } },
    );
  return { model, patients, notes: [...notes] };
}
