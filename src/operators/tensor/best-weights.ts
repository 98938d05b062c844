import type { History } from './history-data.js';

interface Snapshot {
  readonly epoch: number;
  readonly values: Float32Array;
}

/**
 * Keeps the weights of the best epoch. As long as the monitored quantity was never defined - a validation set of one
 * class has no AUC - the epoch of lowest validation loss stands in for it.
 */
export class BestWeights {
  private best: Snapshot | null = null;
  private fallback: Snapshot | null = null;
  private lowestLoss = Infinity;
  private lastEpoch = 0;

  constructor(private readonly parameters: Float32Array) {}

  update(epoch: number, improved: boolean, valLoss: number | null): void {
    this.lastEpoch = epoch;
    if (improved) {
      this.best = this.snapshot(epoch);
      this.fallback = null;
    }
    if (this.best === null && valLoss !== null && valLoss < this.lowestLoss) {
      this.lowestLoss = valLoss;
      this.fallback = this.snapshot(epoch);
    }
  }

  /** Puts the best weights back; says which epoch they are of and what the reader should know about the choice. */
  restore(monitor: History['monitor']): { readonly epoch: number; readonly warnings: readonly string[] } {
    const kept = this.best ?? this.fallback;
    if (kept) this.parameters.set(kept.values);
    if (this.best) return { epoch: this.best.epoch, warnings: [] };
    const what = monitor === 'valAuc' ? 'validation AUC' : 'validation loss';
    return {
      epoch: kept?.epoch ?? this.lastEpoch,
      warnings: [
        `The ${what} was undefined in every epoch; the weights of ${
          kept ? 'the lowest validation loss' : 'the last epoch'
        } were kept.`,
      ],
    };
  }

  private snapshot(epoch: number): Snapshot {
    return { epoch, values: this.parameters.slice() };
  }
}
