import { Observable } from 'rxjs';
import { HafError } from '../pipeline/core/errors.js';
import type { Problem } from '../pipeline/core/problem.js';
import type { StageCode, StageContext, StageOutput } from '../pipeline/stage.js';

/**
 * Defines a stage that computes its output in one step, without reporting progress.
 *
 * @example export const split = stageOf((context) => ({ type: 'output', files: { 'splits.json': draw(context) } }));
 */
export const stageOf =
  (compute: (context: StageContext) => StageOutput | Promise<StageOutput>): StageCode =>
  (context) =>
    new Observable((subscriber) => {
      let cancelled = false;
      Promise.resolve()
        .then(() => compute(context))
        .then(
          (output) => {
            if (cancelled) return;
            subscriber.next(output);
            subscriber.complete();
          },
          (error: unknown) => subscriber.error(error),
        );
      return () => {
        cancelled = true;
      };
    });

/**
 * Runs a check. If it fails, the error also contains the problems that the stage noted before, so that problems.csv
 * shows them as reasons.
 */
export function withProblems<T>(problems: readonly Problem[], check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw HafError.from(error).withProblems(problems);
  }
}
