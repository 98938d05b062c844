import { HafError } from '../../pipeline/core/errors.js';
import type { StageContext, Unit } from '../../pipeline/stage.js';
import type { ReportingControl } from './reporting-stage.js';
import { cohortFile, cohortFileSchema } from '../cohort/cohort-data.js';
import type { History, Ranking } from './history-data.js';
import { train, type Trainable, type TrainingJob } from './train-loop.js';

/** The training settings that a stage chooses. The other settings come from `train` of the experiment. */
export interface StageTraining extends Pick<
  TrainingJob,
  'monitor' | 'ranking' | 'patients' | 'classes' | 'backend'
> {
  /** Whether a step uses all training patients, whatever `train.batch` says. */
  readonly wholeBatch: boolean;
}

/** Trains a stage's model by the protocol of the experiment, with the job's own random stream. */
export const trainInStage = (
  model: Trainable,
  context: StageContext,
  control: ReportingControl,
  { wholeBatch, ...training }: StageTraining,
): Promise<History> =>
  train(model, {
    ...training,
    ...control,
    of: nameOf(context.unit),
    checkpoints: context.checkpoints,
    options: {
      ...context.config.train,
      ...(wholeBatch && { batch: training.patients.length }),
    },
    rng: context.rng('sampling'),
  }).catch((error: unknown) => {
    throw withNames(error, context);
  });

/**
 * Replaces positions in the cohort by patient ids in the context of an error, because a reader of the error message
 * cannot look up the positions.
 */
function withNames(error: unknown, { inputs }: StageContext): unknown {
  if (!(error instanceof HafError) || !Array.isArray(error.context['patients'])) return error;
  const { patients } = inputs.one('cohort').json(cohortFile, cohortFileSchema);
  const named = (error.context['patients'] as readonly number[]).map(
    (position) => patients[position]?.id ?? '',
  );
  const context = { ...error.context, patients: named };
  return new HafError(error.code, error.what, error.fix, { context, cause: error });
}

/** Name of the method, the alignment or the modality's encoder that a job trains, for messages. */
const nameOf = ({ method, alignment, modality, union }: Unit): string =>
  method ?? alignment ?? modality ?? (union === true ? 'the union of bags' : 'the model');

/**
 * The AUC (key `valAuc`) or Harrell's C (key `valC`) of the validation patients at the epoch whose weights were kept.
 */
export const bestDiscrimination = (
  { epochs, bestEpoch }: History,
  ranking: Ranking,
): Readonly<Record<string, number | null>> => ({ [ranking]: epochs[bestEpoch - 1]?.[ranking] ?? null });
