import type { StageContext, StageOutput } from '../../pipeline/stage.js';
import { modalityOf } from '../cohort/cohort-data.js';
import { followUpOfTargets } from '../criteria/hazards.js';
import { readJudgedFold } from '../criteria/judged-fold.js';
import type { ClassicMethod } from '../methods/method.js';
import type { SurvivalPredictions } from '../survival/survival-prediction-data.js';
import { survivalPredictionsFile } from '../survival/survival-prediction-data.js';
import { coxRidgeRisks, fitCoxRidge } from '../survival/cox-ridge.js';
import { proportionalModel, riskOf } from '../survival/survival-model.js';
import { readTypedTable } from '../tables/typed-table-data.js';
import { historyFile, type History } from '../tensor/history-data.js';
import type { Target } from '../criteria/criterion.js';
import { designOf } from './design-matrix.js';

/**
 * Fits a classical model of time-to-event on the training patients of a fold and scores everybody (method.md 11.3): ridge Cox regression
 * on all tables, or the Kaplan-Meier curve of the training patients, which gives all the same risk. There are no epochs: validation patients
 * are scored, and decide nothing.
 */
export function fitClassic(context: StageContext, method: ClassicMethod): StageOutput {
  const { config, inputs, rng } = context;
  const { cohort, fold, targets } = readJudgedFold(context);
  const ids = cohort.patients.map(({ id }) => id);
  const training = followUpOfTargets(fold.train.map((at) => targets[at] as Target));
  const tables = inputs
    .all('tables')
    .map((artifact) => ({ modality: modalityOf(artifact), table: readTypedTable(artifact) }));
  const { eta, notes } =
    method.fit === 'kaplanMeier' ? { eta: new Float64Array(ids.length), notes: [] } : ridge();

  const model = proportionalModel(
    training,
    fold.train.map((at) => eta[at] as number),
  );
  const has = tables.map(({ table }) => new Set(table.patients));
  const splits = (['train', 'val', 'test'] as const).flatMap((split) =>
    fold[split].map((at) => [at, split] as const),
  );
  const patients = splits
    .toSorted(([a], [b]) => a - b)
    .map(([at, split]): SurvivalPredictions['patients'][number] => {
      const { id, followUpDays, y } = cohort.patients[at] as (typeof cohort.patients)[number];
      const outputs = [eta[at] as number];
      return {
        ...{
          patient: id,
          split,
          time: followUpDays as number,
          event: y,
          outputs,
          risk: riskOf(model, outputs),
        },
        observed: method.fit === 'kaplanMeier' || has.some((rows) => rows.has(id)),
      };
    });
  const predictions: SurvivalPredictions = { model, patients, notes: [...notes] };
  return { type: 'output', files: { [survivalPredictionsFile]: predictions, [historyFile]: withoutEpochs } };

  function ridge(): { readonly eta: Float64Array; readonly notes: readonly string[] } {
    const trained = fold.train.map((at) => ids[at] as string);
    const design = designOf(tables, trained);
    const fitted = fitCoxRidge(design.matrixOf(trained), training, rng('inner-folds'), {
      ties: config.survival.ties,
    });
    return { eta: coxRidgeRisks(fitted, design.matrixOf(ids)), notes: fitted.notes };
  }
}

/** The history of a model that is fitted at once. */
const withoutEpochs: History = {
  epochs: [],
  bestEpoch: 0,
  monitor: 'valLoss',
  stopped: 'epochs',
  warnings: [],
  skippedSteps: 0,
  backend: 'none',
};
