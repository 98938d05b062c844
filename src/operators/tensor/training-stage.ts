import { Observable } from 'rxjs';
import type { EpochProgress, StageCode, StageContext, StageOutput } from '../../pipeline/stage.js';
import type { History } from './history-data.js';
import { train, type Trainable } from './train-loop.js';

/** How a training job reports and learns that nobody waits for it any more. */
export interface TrainingControl {
  readonly emit: (progress: EpochProgress) => void;
  readonly signal: AbortSignal;
}

/** A stage that trains: emits a progress event after each epoch, and its output last. Unsubscribing aborts `signal`. */
export const trainingStage =
  (compute: (context: StageContext, control: TrainingControl) => Promise<StageOutput>): StageCode =>
  (context) =>
    new Observable((subscriber) => {
      const controller = new AbortController();
      const { signal } = controller;
      const emit = (progress: EpochProgress): void => subscriber.next(progress);
      Promise.resolve()
        .then(() => compute(context, { emit, signal }))
        .then(
          (output) => {
            subscriber.next(output);
            subscriber.complete();
          },
          (error: unknown) => {
            // An abort has no listener left; its error would only count as unhandled.
            if (!signal.aborted) subscriber.error(error);
          },
        );
      return () => controller.abort();
    });

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
  control: TrainingControl,
  { patients, labels, ...training }: StageTraining,
): Promise<History> =>
  train(model, {
    ...training,
    ...control,
    checkpoints: context.checkpoints,
    patients,
    options: context.config.train,
    labels: patients.map((patient) => labels[patient] as 0 | 1),
    rng: context.rng('sampling'),
  });
