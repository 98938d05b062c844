import { z } from 'zod';

/** The state of early stopping. */
export const earlyStoppingStateSchema = z.strictObject({
  /** The best epoch so far and its metric. Null until the metric has been defined once. */
  best: z.strictObject({ epoch: z.number().int(), metric: z.number() }).nullable(),
  epochsWithout: z.number().int(),
});
export type EarlyStoppingState = z.infer<typeof earlyStoppingStateSchema>;

/**
 * Early stopping (method.md 7): remembers the best epoch of a monitored metric. Only a strict improvement resets the counter, a tie
 * keeps the earlier epoch, and an undefined metric counts as no improvement.
 */
export class EarlyStopping {
  /** The complete state. It is a new object after each change. Assign an earlier state to resume from it. */
  state: EarlyStoppingState = { best: null, epochsWithout: 0 };

  constructor(
    private readonly direction: 'min' | 'max',
    private readonly patience: number,
  ) {}

  update(epoch: number, metric: number | null): { readonly improved: boolean; readonly stop: boolean } {
    const improved = metric !== null && Number.isFinite(metric) && this.beats(metric);
    this.state = improved
      ? { best: { epoch, metric }, epochsWithout: 0 }
      : { ...this.state, epochsWithout: this.state.epochsWithout + 1 };
    return { improved, stop: this.state.epochsWithout >= this.patience };
  }

  private beats(metric: number): boolean {
    const { best } = this.state;
    if (best === null) return true;
    return this.direction === 'max' ? metric > best.metric : metric < best.metric;
  }
}
