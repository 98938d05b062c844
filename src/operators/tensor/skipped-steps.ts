import { z } from 'zod';
import { HafError } from '../../pipeline/core/errors.js';

/** Number of skipped steps: in total, and since the last step that was not skipped. */
export const skippedStepsStateSchema = z.strictObject({ total: z.number().int(), inARow: z.number().int() });
export type SkippedStepsState = z.infer<typeof skippedStepsStateSchema>;

/** A batch without a finite loss or gradient, for inspection. */
export interface DivergedBatch {
  readonly epoch: number;
  /** Number of the step within the epoch, counted from 1. */
  readonly step: number;
  /** Positions of the patients in the cohort. `trainInStage` replaces them by ids. */
  readonly patients: readonly number[];
  /** The loss as text, because JSON has no NaN or infinity. */
  readonly loss: string;
  /** Arrays of the model with a gradient that is not finite. */
  readonly arrays: readonly string[];
}

/**
 * Number of consecutive steps without a finite loss or gradient after which training counts as diverged (method.md 7).
 */
const mostInARow = 10;

/** Counts the steps that were skipped because loss or gradient were not finite. */
export class SkippedSteps {
  /** The complete state. It is a new object after each change. Assign an earlier state to resume from it. */
  state: SkippedStepsState = { total: 0, inARow: 0 };

  took(): void {
    this.state = { ...this.state, inARow: 0 };
  }

  /**
   * @param batch the batch of the step, for the record
   * @throws HafError HAF_TRAINING_DIVERGED after ten skipped steps in a row, with the last batch as its context
   */
  skip(batch: () => DivergedBatch): void {
    const { total, inARow } = this.state;
    this.state = { total: total + 1, inARow: inARow + 1 };
    if (this.state.inARow < mostInARow) return;
    throw new HafError(
      'HAF_TRAINING_DIVERGED',
      `The loss or its gradient was not finite in ${mostInARow} optimisation steps in a row.`,
      'Lower train.lr, and check the features for extreme values: failures RUN --json names the patients of the last step.',
      { context: { ...batch() } },
    );
  }
}
