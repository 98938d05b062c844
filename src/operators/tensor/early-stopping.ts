/**
 * Remembers the best epoch of a monitored metric and says when to stop (method.md 7): only a strict improvement
 * resets the count, a tie keeps the earlier epoch, an undefined metric counts as no improvement.
 */
export class EarlyStopping {
  /** Null until the metric was defined once. */
  best: { readonly epoch: number; readonly metric: number } | null = null;
  private epochsWithout = 0;

  constructor(
    private readonly direction: 'min' | 'max',
    private readonly patience: number,
  ) {}

  update(epoch: number, metric: number | null): { readonly improved: boolean; readonly stop: boolean } {
    const improved = metric !== null && Number.isFinite(metric) && this.beats(metric);
    if (improved) {
      this.best = { epoch, metric };
      this.epochsWithout = 0;
    } else this.epochsWithout++;
    return { improved, stop: this.epochsWithout >= this.patience };
  }

  private beats(metric: number): boolean {
    if (this.best === null) return true;
    return this.direction === 'max' ? metric > this.best.metric : metric < this.best.metric;
  }
}
