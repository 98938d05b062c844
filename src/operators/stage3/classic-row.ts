import type { StageContext, StageOutput } from '../../pipeline/stage.js';
import { fitClassic, type FittedClassic } from '../classic/fit-classic.js';
import { modelFile } from '../classic/model-data.js';
import { modelOutputs } from '../classic/model-outputs.js';
import { visibleRows } from '../classic/patient-inputs.js';
import type { Target } from '../criteria/criterion.js';
import { readJudgedFold, type JudgedFold } from '../criteria/judged-fold.js';
import type { ClassicMethod } from '../methods/method.js';
import { riskOf } from '../survival/survival-model.js';
import { survivalPredictionsFile, type SurvivalPredictions } from '../survival/survival-prediction-data.js';
import { historyFile, type History } from '../tensor/history-data.js';
import { predictionFiles } from './prediction-files.js';
import { baseRateLogit } from './predictions.js';
import { robustnessFile, type Robustness } from './robustness-data.js';
import { robustnessWhen } from './robustness.js';

/**
 * Fits a classical model on the training patients of a fold and scores all patients (method.md 11.6, 12). For a binary outcome it
 * also scores the test patients with modalities hidden.
 */
export async function classicRow(context: StageContext, method: ClassicMethod): Promise<StageOutput> {
  const data = readJudgedFold(context);
  const base = baseRateLogit(data.fold.train.map((at) => data.labels[at] as 0 | 1));
  const fitted = await fitClassic(context, method, data, base);
  const files =
    method.outcome === 'timeToEvent'
      ? { [survivalPredictionsFile]: survivalScores(fitted, data) }
      : { ...binaryScores(fitted, data), [robustnessFile]: await robustness(fitted, data, context) };
  return {
    type: 'output',
    files: {
      [modelFile]: fitted.model,
      ...files,
      [historyFile]: { ...withoutEpochs, warnings: method.outcome === 'binary' ? [...fitted.notes] : [] },
    },
  };
}

/** The survival model of the fold, and the outputs and risk scores of all patients. */
function survivalScores(
  { model, inputs, notes }: FittedClassic,
  { cohort, fold }: JudgedFold,
): SurvivalPredictions {
  if (!('curve' in model)) throw new Error(`${model.kind} has no survival curves`);
  const { curve } = model;
  const eta = modelOutputs(model, inputs);
  const visible = visibleRows(inputs, inputs.tables);
  const splits = (['train', 'val', 'test'] as const).flatMap((split) =>
    fold[split].map((at) => [at, split] as const),
  );
  const patients = splits
    .toSorted(([a], [b]) => a - b)
    .map(([at, split]): SurvivalPredictions['patients'][number] => {
      const { id, followUpDays, y } = cohort.patients[at] as (typeof cohort.patients)[number];
      const outputs = [eta[at] as number];
      return {
        ...{ patient: id, split, time: followUpDays as number, event: y, outputs },
        risk: riskOf(curve, outputs),
        observed: model.kind === 'kaplanMeier' || visible[at] === true,
      };
    });
  return { model: curve, patients, notes: [...notes] };
}

/** Probabilities of validation and test patients. Patients without any input of the model get the base rate. */
function binaryScores(
  { model, inputs, modalities }: FittedClassic,
  data: JudgedFold,
): Readonly<Record<string, object>> {
  const logits = modelOutputs(model, inputs);
  const visible = visibleRows(
    inputs,
    modalities.map((modality) => ({ modality })),
  );
  const seen = [...data.fold.val, ...data.fold.test].filter((at) => visible[at] === true);
  return predictionFiles(data, new Map(seen.map((at) => [at, [logits[at] as number]])));
}

/** Test metrics when modalities are hidden (method.md 9.2). */
function robustness(
  { model, inputs, modalities }: FittedClassic,
  { fold: { test }, targets, criterion }: JudgedFold,
  { config, rng }: Pick<StageContext, 'config' | 'rng'>,
): Promise<Robustness> {
  const tested = { ...inputs, patients: test.map((at) => inputs.patients[at] as string) };
  return robustnessWhen(
    {
      ...{ modalities, criterion, patients: test.length },
      targets: test.map((at) => targets[at] as Target),
      outputs: (open) => {
        const logits = modelOutputs(
          model,
          tested,
          (row, modality) => open[row * modalities.length + modalities.indexOf(modality)] === 1,
        );
        return Promise.resolve(Array.from(logits, (logit) => [logit]));
      },
    },
    config.robustness.draws,
    rng('robustness'),
  );
}

/** The history of a model that is fitted without epochs. */
const withoutEpochs: History = {
  epochs: [],
  bestEpoch: 0,
  monitor: 'valLoss',
  stopped: 'epochs',
  warnings: [],
  skippedSteps: 0,
  backend: 'none',
};
