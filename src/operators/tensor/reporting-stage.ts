import { Observable } from 'rxjs';
import type { EpochProgress, StageCode, StageContext, StageOutput } from '../../pipeline/stage.js';
import { usingBackend } from './release-backend.js';

/** How a long job reports progress and is told to stop. */
export interface ReportingControl {
  readonly emit: (progress: EpochProgress) => void;
  readonly signal: AbortSignal;
}

/** A stage that emits a progress event after each part of its work, and its output at the end. Unsubscribing aborts `signal`. */
export const reportingStage =
  (compute: (context: StageContext, control: ReportingControl) => Promise<StageOutput>): StageCode =>
  (context) =>
    new Observable((subscriber) => {
      const controller = new AbortController();
      const { signal } = controller;
      const emit = (progress: EpochProgress): void => subscriber.next(progress);
      Promise.resolve()
        .then(() => usingBackend(() => compute(context, { emit, signal })))
        .then(
          (output) => {
            subscriber.next(output);
            subscriber.complete();
          },
          (error: unknown) => {
            // After an abort there is no subscriber. The error would only be reported as unhandled.
            if (!signal.aborted) subscriber.error(error);
          },
        );
      return () => controller.abort();
    });
