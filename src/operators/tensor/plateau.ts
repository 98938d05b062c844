export interface PlateauOptions {
  readonly lr: number;
  readonly factor: number;
  /** Epochs without improvement that are tolerated; the next one reduces the learning rate. */
  readonly patience: number;
  /** @default 'min' */
  readonly mode?: 'min' | 'max';
  /** @default 1e-4 */
  readonly threshold?: number;
  /** Whether `threshold` is a share of the best value or an absolute difference. @default 'rel' */
  readonly thresholdMode?: 'rel' | 'abs';
  /** Epochs after a reduction in which nothing is counted. @default 0 */
  readonly cooldown?: number;
  /** @default 0 */
  readonly minLr?: number;
}

/** A reduction smaller than this is not made, as in PyTorch. */
const smallestChange = 1e-8;

/**
 * Reduces the learning rate when a metric stops improving: PyTorch's ReduceLROnPlateau (method.md 7). Call `step` once
 * an epoch; `lr` is the rate of the next one.
 */
export class Plateau {
  lr: number;
  private best: number;
  private badEpochs = 0;
  private cooling = 0;
  private readonly options: Required<PlateauOptions>;

  constructor(options: PlateauOptions) {
    this.options = { mode: 'min', threshold: 1e-4, thresholdMode: 'rel', cooldown: 0, minLr: 0, ...options };
    this.lr = options.lr;
    this.best = this.options.mode === 'min' ? Infinity : -Infinity;
  }

  step(metric: number): void {
    const { patience, cooldown, factor, minLr } = this.options;
    if (this.isBetter(metric)) {
      this.best = metric;
      this.badEpochs = 0;
    } else this.badEpochs++;
    if (this.cooling > 0) {
      this.cooling--;
      this.badEpochs = 0;
    }
    if (this.badEpochs <= patience) return;
    const reduced = Math.max(this.lr * factor, minLr);
    if (this.lr - reduced > smallestChange) this.lr = reduced;
    this.cooling = cooldown;
    this.badEpochs = 0;
  }

  private isBetter(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.options;
    const sign = mode === 'min' ? -1 : 1;
    // An infinite best times a factor stays infinite with its sign, so the first finite metric is always better.
    const margin =
      thresholdMode === 'rel' ? this.best * (1 + sign * threshold) : this.best + sign * threshold;
    return sign * metric > sign * margin;
  }
}
