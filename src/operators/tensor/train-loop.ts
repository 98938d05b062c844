import { setImmediate } from 'node:timers/promises';
import type { Config } from '../../pipeline/config/schema.js';
import { HafError } from '../../pipeline/core/errors.js';
import type { Rng } from '../../pipeline/core/rng.js';
import type { EpochProgress } from '../../pipeline/stage.js';
import { Adam } from './adam.js';
import { BestWeights } from './best-weights.js';
import { classBalancedDraws, inGroups } from './class-balance.js';
import { EarlyStopping } from './early-stopping.js';
import type { History } from './history-data.js';
import { Plateau } from './plateau.js';

/** Losses of an optimisation step; all numbers are means over the patients of its group. */
export interface TrainingStep {
  readonly loss: number;
  /** Gradient of `loss`, in the layout of the parameters. */
  readonly gradient: Float32Array;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Where the model stands on the validation patients; null where a quantity is undefined. */
export interface Validation {
  readonly loss: number | null;
  readonly auc: number | null;
  /** Further quantities for the history. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** A model as the loop sees it. */
export interface Trainable {
  /** The loop changes them in place. */
  readonly parameters: Float32Array;
  /** Computes loss and gradient of a group of training patients at the current parameters. */
  step(group: readonly number[]): Promise<TrainingStep>;
  /** Evaluates the current parameters on the validation patients. */
  validate(): Promise<Validation>;
}

export interface TrainingJob {
  readonly options: Config['train'];
  /** What early stopping watches: the AUC is maximised, the loss minimised. */
  readonly monitor: History['monitor'];
  /** Training patients and their labels. */
  readonly patients: readonly number[];
  readonly labels: readonly (0 | 1)[];
  /** Stream of the class-balanced draws. */
  readonly rng: Rng;
  /** Name of the compute backend, for the record. */
  readonly backend: string;
  readonly emit: (progress: EpochProgress) => void;
  /** Ends the job between two steps. */
  readonly signal: AbortSignal;
}

/** So many steps in a row without a finite loss mean that training has diverged (method.md 7). */
const mostSkippedSteps = 10;

/**
 * Trains a model by the protocol of method.md 7 - class-balanced draws, Adam, plateau schedule on the validation loss,
 * early stopping - and leaves the best weights in `model.parameters`.
 *
 * @throws HafError HAF_TRAINING_DIVERGED after ten steps in a row without a finite loss, HAF_INTERRUPTED on abort
 */
export async function train(model: Trainable, job: TrainingJob): Promise<History> {
  const { options, monitor } = job;
  const optimizer = new Adam(model.parameters, { weightDecay: options.weightDecay });
  const plateau = new Plateau({
    lr: options.lr,
    factor: options.plateauFactor,
    patience: options.plateauPatience,
  });
  const stopping = new EarlyStopping(monitor === 'valAuc' ? 'max' : 'min', options.patience);
  const best = new BestWeights(model.parameters);
  const counter = new SkippedSteps();
  const epochs: Record<string, number | null>[] = [];
  let stopped: History['stopped'] = 'epochs';
  for (let epoch = 1; epoch <= options.epochs; epoch++) {
    const { lr } = plateau;
    const training = await trainEpoch(model, optimizer, lr, job, counter);
    const validation = await model.validate();
    const metrics = { ...training, ...validation.metrics, valLoss: validation.loss, valAuc: validation.auc };
    epochs.push({ epoch, lr, ...metrics });
    job.emit({ type: 'epoch', epoch, epochs: options.epochs, metrics });
    if (validation.loss !== null) plateau.step(validation.loss);
    const { improved, stop } = stopping.update(
      epoch,
      monitor === 'valAuc' ? validation.auc : validation.loss,
    );
    best.update(epoch, improved, validation.loss);
    if (stop) {
      stopped = 'patience';
      break;
    }
  }
  const { epoch: bestEpoch, warnings } = best.restore(monitor);
  return {
    epochs,
    bestEpoch,
    monitor,
    stopped,
    warnings: [...warnings],
    skippedSteps: counter.total,
    backend: job.backend,
  };
}

/** One pass over `n_train` draws; returns the training metrics as per-patient means. */
async function trainEpoch(
  model: Trainable,
  optimizer: Adam,
  lr: number,
  { options, patients, labels, rng, signal }: TrainingJob,
  counter: SkippedSteps,
): Promise<Record<string, number | null>> {
  const sums = new Map<string, number>();
  let counted = 0;
  for (const group of inGroups(classBalancedDraws(patients, labels, rng), options.batch)) {
    // Lets an abort, a heartbeat or a message in between two steps.
    await setImmediate();
    if (signal.aborted)
      throw new HafError('HAF_INTERRUPTED', 'Training was interrupted.', 'Start the run again.');
    const { loss, gradient, metrics } = await model.step(group);
    if (!Number.isFinite(loss) || !gradient.every(Number.isFinite)) {
      counter.skip();
      continue;
    }
    counter.took();
    optimizer.step(gradient, lr);
    counted += group.length;
    for (const [name, value] of Object.entries({ loss, ...metrics }))
      sums.set(name, (sums.get(name) ?? 0) + value * group.length);
  }
  return Object.fromEntries([...sums].map(([name, sum]) => [name, sum / counted]));
}

/** Counts the steps left out because loss or gradient were not finite. */
class SkippedSteps {
  total = 0;
  private inARow = 0;

  took(): void {
    this.inARow = 0;
  }

  skip(): void {
    this.total++;
    this.inARow++;
    if (this.inARow < mostSkippedSteps) return;
    throw new HafError(
      'HAF_TRAINING_DIVERGED',
      `The loss was not finite in ${mostSkippedSteps} optimisation steps in a row.`,
      'Lower train.lr, and look for extreme values among the features.',
    );
  }
}
