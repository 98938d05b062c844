import type { StageContext } from '../../pipeline/stage.js';
import { HafError } from '../../pipeline/core/errors.js';
import { modalityOf } from '../cohort/cohort-data.js';
import type { Target } from '../criteria/criterion.js';
import { followUpOfTargets } from '../criteria/hazards.js';
import type { JudgedFold } from '../criteria/judged-fold.js';
import type { ClassicMethod } from '../methods/method.js';
import { fitCoxRidge } from '../survival/cox-ridge.js';
import { proportionalModel } from '../survival/survival-model.js';
import { readTypedTable } from '../tables/typed-table-data.js';
import { designMatrix, fitDesign } from './design-matrix.js';
import { fitRidge, type FittedModel } from './fit-ridge.js';
import type { ClassicModel } from './model-data.js';
import { modelOutputs } from './model-outputs.js';
import { visibleRows, type PatientInputs } from './patient-inputs.js';
import { bagMeansOf } from './bag-means.js';
import { fitForest } from './fit-forest.js';
import { fitStack } from './fit-stack.js';

/** A fitted model, its inputs for all patients of the cohort, and the modalities that can be hidden from it. */
export interface FittedClassic extends FittedModel<ClassicModel> {
  readonly inputs: PatientInputs;
  readonly modalities: readonly string[];
}

/**
 * Fits a classical model on the training patients of a fold (method.md 11.6, 12). There are no epochs, and validation patients have
 * no influence.
 *
 * @param base logit of the fraction of events among the training patients
 * @throws HafError HAF_SPLIT_INVALID if the training patients with data have only one class
 */
export async function fitClassic(
  context: StageContext,
  { fit }: ClassicMethod,
  data: JudgedFold,
  base: number,
): Promise<FittedClassic> {
  const ids = data.cohort.patients.map(({ id }) => id);
  const tables = context.inputs
    .all('tables')
    .map((artifact) => ({ modality: modalityOf(artifact), table: readTypedTable(artifact) }));
  const inputs = { patients: ids, tables };
  const read = { inputs, modalities: tables.map(({ modality }) => modality) };
  const { rng } = context;
  switch (fit) {
    case 'coxRidge':
    case 'kaplanMeier':
      return { ...read, ...fitSurvival(context, fit, data, inputs) };
    case 'ridge': {
      const { training, y } = seenTraining(data, inputs, read.modalities);
      return { ...read, ...fitRidge(training, y, base, rng('inner-folds')) };
    }
    case 'forest': {
      const { training, y } = seenTraining(data, inputs, read.modalities);
      return { ...read, ...fitForest(training, y, base, rng('trees')) };
    }
    case 'stack': {
      const bags = [];
      for (const artifact of context.inputs.all('bags'))
        bags.push(await bagMeansOf(data.cohort, modalityOf(artifact), context.inputs.all('embed')));
      const all = { ...inputs, bags };
      const modalities = [...read.modalities, ...bags.map(({ modality }) => modality)];
      const { training, y } = seenTraining(data, all, modalities);
      const fitted = fitStack(training, y, base, { folds: rng('inner-folds'), drop: rng('drop') });
      return { inputs: all, modalities: fitted.model.parts.map(({ modality }) => modality), ...fitted };
    }
  }
}

/**
 * Fits a Cox regression on all tables (`coxRidge`), or one survival curve of all training patients, without any input
 * (`kaplanMeier`).
 */
function fitSurvival(
  { config, rng }: Pick<StageContext, 'config' | 'rng'>,
  fit: 'coxRidge' | 'kaplanMeier',
  { fold, targets }: JudgedFold,
  { patients, tables }: PatientInputs,
): FittedModel<ClassicModel> {
  const training = followUpOfTargets(fold.train.map((at) => targets[at] as Target));
  const trained = fold.train.map((at) => patients[at] as string);
  if (fit === 'kaplanMeier') {
    const curve = proportionalModel(training, new Float64Array(trained.length));
    return { model: { kind: fit, curve }, notes: [] };
  }
  const design = fitDesign(tables, trained);
  const x = designMatrix(design, tables, trained);
  const { scale, coefficients, lambda, notes } = fitCoxRidge(x, training, rng('inner-folds'), {
    ties: config.survival.ties,
  });
  const model = {
    ...{ kind: fit, design, mean: [...scale.mean], factor: [...scale.factor] },
    ...{ coefficients: [...coefficients], lambda },
  };
  const eta = modelOutputs(
    { ...model, curve: { kind: 'proportional', times: [], logHazard: [] } },
    { patients: trained, tables },
  );
  return { model: { ...model, curve: proportionalModel(training, eta) }, notes };
}

/** The training patients with at least one input of the model, and their classes. */
function seenTraining(
  { fold, labels }: JudgedFold,
  inputs: PatientInputs,
  modalities: readonly string[],
): { readonly training: PatientInputs; readonly y: readonly (0 | 1)[] } {
  const visible = visibleRows(
    inputs,
    modalities.map((modality) => ({ modality })),
  );
  const seen = fold.train.filter((at) => visible[at] === true);
  const y = seen.map((at) => labels[at] as 0 | 1);
  if (new Set(y).size < 2)
    throw new HafError(
      'HAF_SPLIT_INVALID',
      `The ${seen.length} training patients of a fold with ${modalities.join(' or ')} are all of one class, so a classifier has nothing to learn.`,
      'Use fewer folds, or leave out the modalities that so few patients have.',
    );
  return { training: { ...inputs, patients: seen.map((at) => inputs.patients[at] as string) }, y };
}
