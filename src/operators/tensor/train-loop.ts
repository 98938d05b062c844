import { setImmediate } from 'node:timers/promises';
import type { Config } from '../../pipeline/config/schema.js';
import { HafError } from '../../pipeline/core/errors.js';
import type { Rng } from '../../pipeline/core/rng.js';
import type { Checkpoints, EpochProgress } from '../../pipeline/stage.js';
import { classBalancedDraws, inGroups } from './class-balance.js';
import type { History, Ranking } from './history-data.js';
import { partOf, type ParameterLayout } from './parameters.js';
import { TrainingState } from './training-state.js';
import { GradientWatch, type Drawn } from './untrained.js';

/** Losses of an optimisation step. All numbers are means over the group of patients that the step uses. */
export interface TrainingStep {
  readonly loss: number;
  /** Gradient of `loss`, in the layout of the parameters. */
  readonly gradient: Float32Array;
  readonly metrics: Readonly<Record<string, number>>;
}

/** The results of the model on the validation patients. A quantity that cannot be computed is null. */
export interface ValidationScores {
  readonly loss: number | null;
  /** AUC or Harrell's C of the scores. */
  readonly discrimination: number | null;
  /** Further quantities for the history. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** A model as the training loop uses it. */
export interface Trainable {
  /** The values of all parameters. The training loop changes them in place. */
  readonly parameters: Float32Array;
  /** The names and shapes of the parameters. */
  readonly layout: ParameterLayout;
  /** Computes loss and gradient of a group of training patients at the current parameters. */
  step(group: readonly number[]): Promise<TrainingStep>;
  /** Evaluates the current parameters on the validation patients. */
  validate(): Promise<ValidationScores>;
  /**
   * Names of the arrays that may have no gradient in an epoch with these groups of patients. The reason is the
   * mathematics of the model, a setting, or that no patient of the groups has data for the array. All other arrays must
   * get a gradient.
   */
  exempt?(drawn: Drawn): ReadonlySet<string>;
}

export interface TrainingJob {
  readonly options: Config['train'];
  /** Name of what is trained (a method, an alignment or an encoder), for messages. */
  readonly of: string;
  /** The quantity that early stopping monitors. The loss is minimised, other quantities are maximised. */
  readonly monitor: History['monitor'];
  /** Name of the measure that ranks the validation patients: `valAuc` or `valC`. */
  readonly ranking: Ranking;
  readonly patients: readonly number[];
  /** The class of each patient. An epoch draws both classes equally often. If null, it uses every patient once. */
  readonly classes: readonly (0 | 1)[] | null;
  /** Random stream that draws the patients of each epoch. */
  readonly rng: Rng;
  /** Name of the compute backend. The history and the checkpoints record it. */
  readonly backend: string;
  readonly emit: (progress: EpochProgress) => void;
  readonly checkpoints: Checkpoints;
  /** If this signal aborts, the job ends after the present step. */
  readonly signal: AbortSignal;
}

/**
 * Trains a model by the protocol of method.md 7 - class-balanced draws or, for time-to-event, a permutation; Adam;
 * plateau schedule on the validation loss; early stopping - and leaves the best weights in `model.parameters`. Resumes
 * from the job's checkpoint if there is one.
 *
 * @throws HafError HAF_TRAINING_DIVERGED after ten steps in a row without a finite loss or gradient,
 * HAF_LAYER_UNTRAINED if an array of the model had no gradient in the first epoch, HAF_INTERRUPTED on abort or when
 * asked to pause
 */
export async function train(model: Trainable, job: TrainingJob): Promise<History> {
  const { options, monitor, ranking } = job;
  const state = new TrainingState(model.parameters, job.backend, options, monitor);
  await job.checkpoints.resume((snapshot) => state.take(snapshot));
  const { plateau, stopping, best } = state;
  let stopped: History['stopped'] = 'epochs';
  for (let epoch = state.epochs.length + 1; epoch <= options.epochs; epoch++) {
    const { lr } = plateau;
    const watch = state.optimizer.steps === 0 ? new GradientWatch(model.layout) : null;
    const training = await trainEpoch(model, state, job, watch);
    watch?.check((drawn) => model.exempt?.(drawn) ?? new Set(), job.of);
    const validation = await model.validate();
    const metrics = {
      ...training,
      ...validation.metrics,
      valLoss: validation.loss,
      [ranking]: validation.discrimination,
    };
    state.epochs.push({ epoch, lr, ...metrics });
    job.emit({ type: 'epoch', epoch, epochs: options.epochs, metrics });
    if (validation.loss !== null) plateau.step(validation.loss);
    const { improved, stop } = stopping.update(
      epoch,
      monitor === 'valLoss' ? validation.loss : validation.discrimination,
    );
    best.update(epoch, improved, validation.loss);
    if (stop) {
      stopped = 'patience';
      break;
    }
    if (epoch < options.epochs) await job.checkpoints.offer(epoch, () => state.snapshot());
  }
  const { epoch: bestEpoch, warnings } = best.restore(monitor);
  return {
    epochs: state.epochs,
    bestEpoch,
    monitor,
    stopped,
    warnings: [...warnings],
    skippedSteps: state.skipped.state.total,
    backend: job.backend,
  };
}

/**
 * Trains one epoch. The epoch draws as many patients as there are training patients. Returns the training metrics as
 * means per patient.
 */
async function trainEpoch(
  model: Trainable,
  { optimizer, plateau, skipped, epochs }: TrainingState,
  { options, patients, classes, rng, signal }: TrainingJob,
  watch: GradientWatch | null,
): Promise<Record<string, number | null>> {
  const sums = new Map<string, number>();
  let counted = 0;
  const drawn = classes === null ? rng.shuffle([...patients]) : classBalancedDraws(patients, classes, rng);
  const groups = inGroups(drawn, options.batch);
  for (const [index, group] of groups.entries()) {
    // Lets the event loop handle an abort, a heartbeat or a message between two steps.
    await setImmediate();
    if (signal.aborted)
      throw new HafError('HAF_INTERRUPTED', 'Training was interrupted.', 'Start the run again.');
    const { loss, gradient, metrics } = await model.step(group);
    if (!Number.isFinite(loss) || !allFinite(gradient)) {
      skipped.skip(() => ({
        ...{ epoch: epochs.length + 1, step: index + 1, patients: group, loss: String(loss) },
        arrays: model.layout.entries
          .map(({ name }) => name)
          .filter((name) => !allFinite(partOf(model.layout, gradient, name))),
      }));
      continue;
    }
    skipped.took();
    watch?.see(gradient, group);
    optimizer.step(gradient, plateau.lr);
    counted += group.length;
    for (const [name, value] of Object.entries({ loss, ...metrics }))
      sums.set(name, (sums.get(name) ?? 0) + value * group.length);
  }
  return Object.fromEntries([...sums].map(([name, sum]) => [name, sum / counted]));
}

/** A plain loop is used, because `every` calls a function for each of the millions of parameters of some heads. */
function allFinite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}
