import { z } from 'zod';
import { HafError } from '../../pipeline/core/errors.js';

/** What is remembered of the steps left out. */
export const skippedStepsStateSchema = z.strictObject({ total: z.number().int(), inARow: z.number().int() });
export type SkippedStepsState = z.infer<typeof skippedStepsStateSchema>;

/** So many steps in a row without a finite loss mean that training has diverged (method.md 7). */
const mostInARow = 10;

/** Counts the steps left out because loss or gradient were not finite. */
export class SkippedSteps {
  /** All it remembers; a new object after each change. Assign one to go on from there. */
  state: SkippedStepsState = { total: 0, inARow: 0 };

  took(): void {
    this.state = { ...this.state, inARow: 0 };
  }

  /** @throws HafError HAF_TRAINING_DIVERGED after ten in a row */
  skip(): void {
    const { total, inARow } = this.state;
    this.state = { total: total + 1, inARow: inARow + 1 };
    if (this.state.inARow < mostInARow) return;
    throw new HafError(
      'HAF_TRAINING_DIVERGED',
      `The loss was not finite in ${mostInARow} optimisation steps in a row.`,
      'Lower train.lr, and look for extreme values among the features.',
    );
  }
}
