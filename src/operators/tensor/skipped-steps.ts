import { z } from 'zod';
import { HafError } from '../../pipeline/core/errors.js';

/** What is remembered of the steps left out. */
export const skippedStepsStateSchema = z.strictObject({ total: z.number().int(), inARow: z.number().int() });
export type SkippedStepsState = z.infer<typeof skippedStepsStateSchema>;

/** A batch without a finite loss or gradient, for inspection. */
export interface DivergedBatch {
  readonly epoch: number;
  /** Counted from 1 within the epoch. */
  readonly step: number;
  /** Positions in the cohort; `trainInStage` gives their names. */
  readonly patients: readonly number[];
  /** As text: JSON has no word for what it is. */
  readonly loss: string;
  /** Arrays of the model whose gradient is not finite. */
  readonly arrays: readonly string[];
}

/** So many steps in a row without a finite loss mean that training has diverged (method.md 7). */
const mostInARow = 10;

/** Counts the steps left out because loss or gradient were not finite. */
export class SkippedSteps {
  /** All it remembers; a new object after each change. Assign one to go on from there. */
  state: SkippedStepsState = { total: 0, inARow: 0 };

  took(): void {
    this.state = { ...this.state, inARow: 0 };
  }

  /**
   * @param batch what the step was of, for the record
   * @throws HafError HAF_TRAINING_DIVERGED after ten in a row, with the last batch as its context
   */
  skip(batch: () => DivergedBatch): void {
    const { total, inARow } = this.state;
    this.state = { total: total + 1, inARow: inARow + 1 };
    if (this.state.inARow < mostInARow) return;
    throw new HafError(
      'HAF_TRAINING_DIVERGED',
      `The loss was not finite in ${mostInARow} optimisation steps in a row.`,
      'Lower train.lr, and look for extreme values among the features: failures RUN --json names the patients of the last step.',
      { context: { ...batch() } },
    );
  }
}
