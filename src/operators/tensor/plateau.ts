import { z } from 'zod';

/** The state of a plateau schedule. */
export const plateauStateSchema = z.strictObject({
  /** Learning rate of the next epoch. */
  lr: z.number(),
  /** Best metric so far. Null until a metric has been finite. */
  best: z.number().nullable(),
  badEpochs: z.number().int(),
  cooling: z.number().int(),
});
export type PlateauState = z.infer<typeof plateauStateSchema>;

export interface PlateauOptions {
  readonly lr: number;
  readonly factor: number;
  /**
   * Number of epochs without improvement that are tolerated. The next epoch without improvement reduces the learning
   * rate.
   */
  readonly patience: number;
  /** Whether a smaller metric (`min`) or a larger one (`max`) is better. @default 'min' */
  readonly mode?: 'min' | 'max';
  /** A metric is an improvement only if it is better than the best one by more than this. @default 1e-4 */
  readonly threshold?: number;
  /**
   * Whether `threshold` is a fraction of the best value or an absolute difference.
   * @default 'rel'
   */
  readonly thresholdMode?: 'rel' | 'abs';
  /**
   * Number of epochs after a reduction in which a missing improvement does not count.
   * @default 0
   */
  readonly cooldown?: number;
  /** Lower limit of the learning rate. @default 0 */
  readonly minLr?: number;
}

/** A reduction of the learning rate by less than this is not made, as in PyTorch. */
const smallestChange = 1e-8;

/**
 * Reduces the learning rate when a metric stops improving: PyTorch's ReduceLROnPlateau (method.md 7). Call `step` once per epoch.
 * `lr` is the rate of the next epoch.
 */
export class Plateau {
  /** The complete state. It is a new object after each change. Assign an earlier state to resume from it. */
  state: PlateauState;
  private readonly options: Required<PlateauOptions>;

  constructor(options: PlateauOptions) {
    this.options = { mode: 'min', threshold: 1e-4, thresholdMode: 'rel', cooldown: 0, minLr: 0, ...options };
    this.state = { lr: options.lr, best: null, badEpochs: 0, cooling: 0 };
  }

  get lr(): number {
    return this.state.lr;
  }

  step(metric: number): void {
    const { patience, cooldown, factor, minLr } = this.options;
    let { lr, best, badEpochs, cooling } = this.state;
    if (this.isBetter(metric)) {
      best = metric;
      badEpochs = 0;
    } else badEpochs++;
    if (cooling > 0) {
      cooling--;
      badEpochs = 0;
    }
    if (badEpochs > patience) {
      const reduced = Math.max(lr * factor, minLr);
      if (lr - reduced > smallestChange) lr = reduced;
      cooling = cooldown;
      badEpochs = 0;
    }
    this.state = { lr, best, badEpochs, cooling };
  }

  private isBetter(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.options;
    const { best } = this.state;
    if (!Number.isFinite(metric)) return false;
    if (best === null) return true;
    const sign = mode === 'min' ? -1 : 1;
    const margin = thresholdMode === 'rel' ? best * (1 + sign * threshold) : best + sign * threshold;
    return sign * metric > sign * margin;
  }
}
