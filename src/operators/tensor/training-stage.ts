import { Observable } from 'rxjs';
import type { EpochProgress, StageCode, StageContext, StageOutput } from '../../pipeline/stage.js';

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
