import { HafError } from '../../pipeline/core/errors.js';
import type { StageContext, Unit } from '../../pipeline/stage.js';
import type { ReportingControl } from './reporting-stage.js';
import { cohortFile, cohortFileSchema } from '../cohort/cohort-data.js';
import type { History } from './history-data.js';
import { train, type Trainable } from './train-loop.js';

/** What a stage decides about its training; the rest is the experiment's protocol. */
export interface StageTraining {
  readonly monitor: History['monitor'];
  /** Training patients, as positions in the cohort. */
  readonly patients: readonly number[];
  /** Labels of the whole cohort. */
  readonly labels: readonly (0 | 1)[];
  readonly backend: string;
}

/** Trains a stage's model by the protocol of the experiment, with the job's own stream of class-balanced draws. */
export const trainInStage = (
  model: Trainable,
  context: StageContext,
  control: ReportingControl,
  { patients, labels, ...training }: StageTraining,
): Promise<History> =>
  train(model, {
    ...training,
    ...control,
    of: nameOf(context.unit),
    checkpoints: context.checkpoints,
    patients,
    options: context.config.train,
    labels: patients.map((patient) => labels[patient] as 0 | 1),
    rng: context.rng('sampling'),
  }).catch((error: unknown) => {
    throw withNames(error, context);
  });

/** A failure whose context has positions of patients, with their names instead: who reads it has no cohort at hand. */
function withNames(error: unknown, { inputs }: StageContext): unknown {
  if (!(error instanceof HafError) || !Array.isArray(error.context['patients'])) return error;
  const { patients } = inputs.one('cohort').json(cohortFile, cohortFileSchema);
  const named = (error.context['patients'] as readonly number[]).map(
    (position) => patients[position]?.id ?? '',
  );
  const context = { ...error.context, patients: named };
  return new HafError(error.code, error.what, error.fix, { context, cause: error });
}

/** The method, alignment or encoder that a job trains. */
const nameOf = ({ method, alignment, modality, union }: Unit): string =>
  method ?? alignment ?? modality ?? (union === true ? 'the union of bags' : 'the model');
