import type { Config } from '../../pipeline/config/schema.js';
import type { Rng } from '../../pipeline/core/rng.js';
import { streamOf } from '../../pipeline/core/streams.js';
import type { Artifact, Inputs, StageContext } from '../../pipeline/stage.js';
import { calibrationFile, foldCalibrationSchema } from '../calibration/calibration-data.js';
import { classicModelSchema, modelFile } from '../classic/model-data.js';
import { modalityOf } from '../cohort/cohort-data.js';
import { followUpOfTargets } from '../criteria/hazards.js';
import { readJudgedFold, type JudgedFold } from '../criteria/judged-fold.js';
import type { Target } from '../criteria/criterion.js';
import { isJoint, type Method } from '../methods/method.js';
import { fittedFile, fittedSchema } from '../preprocessing/vectors-data.js';
import { weightsFile } from '../stage1/encoder-data.js';
import { baseRateLogit } from '../stage3/predictions.js';
import { averagePredictor } from '../survival/survival-model.js';
import {
  survivalPredictionsFile,
  survivalPredictionsSchema,
  type SurvivalPredictions,
} from '../survival/survival-prediction-data.js';
import { readSafetensors } from '../tensor/safetensors.js';
import type { BundleFold } from './bundle-data.js';
import type { Arrays } from './open-bundle.js';

/** The results of the training jobs of one fold, in the form of a bundle. */
export interface TrainedFold {
  readonly record: BundleFold;
  readonly arrays: Arrays;
  readonly judged: JudgedFold;
}

/** Collects the model of a fold from the artifacts of its training jobs. */
export function foldParts(context: StageContext, config: Config, method: Method, fold: number): TrainedFold {
  const inputs = inFold(context.inputs, fold);
  const inTime = config.data.outcome.kind === 'timeToEvent';
  const loss = method.kind === 'bag' || isJoint(method, config.schedule) ? 'hazards' : config.survival.loss;
  const judged = readJudgedFold({ ...context, config, unit: { ...context.unit, fold } }, loss);
  const trained = inputs.one('stage3');
  const survival = inTime ? trained.json(survivalPredictionsFile, survivalPredictionsSchema) : null;
  const arrays = arraysOf(inputs, method, config);
  const outputs = survival === null ? logitsOf(method, config) : (survival.patients[0]?.outputs.length ?? 1);
  return {
    judged,
    arrays,
    record: {
      fold,
      tables: Object.fromEntries(
        inputs
          .all('preprocess')
          .map((artifact) => [modalityOf(artifact), artifact.json(fittedFile, fittedSchema)]),
      ),
      outputs,
      encoderOutputs:
        Object.entries(arrays).find(([name]) => /^encoder\..*\.classifier\.bias$/.test(name))?.[1].shape[0] ??
        null,
      unseen: [...(survival === null ? binaryUnseen(judged, outputs) : survivalUnseen(judged, survival))],
      survival: survival?.model ?? null,
      calibration: inTime ? null : calibrationOf(inputs.one('evaluate')),
      classic: method.kind === 'classic' ? trained.json(modelFile, classicModelSchema) : null,
    },
  };
}

/** The map from logits to probabilities and the decision threshold that `evaluate` chose for the fold. */
function calibrationOf(evaluated: Artifact): BundleFold['calibration'] {
  const { map, threshold } = evaluated.json(calibrationFile, foldCalibrationSchema);
  return { map, threshold };
}

/** The inputs without the artifacts of other folds. Artifacts that belong to no fold, such as the cohort, are kept. */
function inFold(inputs: Inputs, fold: number): Inputs {
  const all: Inputs['all'] = (role) =>
    inputs.all(role).filter(({ unit }) => unit.fold === undefined || unit.fold === fold);
  return {
    all,
    one: (role) => {
      const [only, ...others] = all(role);
      if (only === undefined || others.length > 0)
        throw new Error(`Fold ${fold} has ${others.length + 1} artifacts of ${role}`);
      return only;
    },
  };
}

/**
 * The arrays of encoders, maps phi and head. Each name begins with the part, such as `phi`. Names do not depend on the
 * jobs that trained the parts.
 */
function arraysOf(inputs: Inputs, method: Method, config: Config): Arrays {
  const weightsOf = (artifact: Artifact): Arrays => readSafetensors(artifact.bytes(weightsFile));
  const named = (part: string, arrays: Arrays): Arrays =>
    Object.fromEntries(Object.entries(arrays).map(([name, array]) => [`${part}.${name}`, array]));
  if (method.kind === 'instances') return named('head', weightsOf(inputs.one('stage3')));
  if (isJoint(method, config.schedule)) {
    const parts = Object.entries(weightsOf(inputs.one('stage3')));
    return Object.fromEntries(parts.map(([name, array]) => [name.replace(/^alignment\./, 'phi.'), array]));
  }
  return {
    ...Object.assign(
      {},
      ...inputs
        .all('stage1')
        .map((artifact) => named(`encoder.${artifact.unit.modality ?? 'union'}`, weightsOf(artifact))),
    ),
    ...Object.assign({}, ...inputs.all('stage2').map((artifact) => named('phi', weightsOf(artifact)))),
    ...(method.kind === 'bag' || method.kind === 'classic'
      ? {}
      : named('head', weightsOf(inputs.one('stage3')))),
  } as Arrays;
}

/** Number of logits that the model of a method computes for a patient, if the outcome is binary. */
function logitsOf({ kind }: Method, { single, fusion }: Config): number {
  switch (kind) {
    case 'bag':
      return 2;
    case 'classic':
      return 1;
    case 'single':
      return single.logits;
    case 'fusion':
    case 'instances':
      return fusion.logits;
  }
}

/** The outputs for a patient without any input: the logit of the fraction of positive training patients. */
function binaryUnseen({ fold, labels }: JudgedFold, outputs: number): readonly number[] {
  const base = baseRateLogit(fold.train.map((patient) => labels[patient] as 0 | 1));
  return outputs === 1 ? [base] : [0, base];
}

/** The outputs for a patient without any input: the survival curve of all training patients. */
function survivalUnseen(
  { fold, targets, criterion, cohort }: JudgedFold,
  { model, patients }: SurvivalPredictions,
): readonly number[] {
  if (model.kind === 'hazards') return criterion.modelOf?.([], []).unseen ?? [];
  const seen = new Set(patients.filter(({ observed }) => observed).map(({ patient }) => patient));
  const trained = fold.train.filter((position) => seen.has(cohort.patients[position]?.id ?? ''));
  return [averagePredictor(model, followUpOfTargets(trained.map((position) => targets[position] as Target)))];
}

/**
 * The random streams from which training drew the fixed maps of a method (see `recordDraws`). Their names contain the
 * stage whose jobs use the map, for example `stage2` for the transfer map of an aligned method.
 */
export const streamsOfTraining =
  (config: Config, method: Method, fold: number) =>
  (purpose: string): Rng => {
    const aligned = method.kind === 'fusion' && method.embedding !== 'projected';
    const stage = isJoint(method, config.schedule)
      ? 'joint'
      : aligned && purpose === 'transfer'
        ? 'stage2'
        : 'stage3';
    return streamOf(config.seed, stage, { fold }, purpose);
  };
