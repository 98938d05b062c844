import type { History } from './history-data.js';

/** The weights kept so far. */
export interface KeptWeights {
  readonly epoch: number;
  readonly values: Float32Array;
  /**
   * The validation loss of these weights, if they were chosen by this loss because the monitored quantity is
   * undefined. Otherwise null.
   */
  readonly standInLoss: number | null;
}

/**
 * Keeps the weights of the best epoch. As long as the monitored quantity is undefined, for example the AUC of a
 * validation set with one class, the epoch with the lowest validation loss counts as the best.
 */
export class BestWeights {
  /** The complete state of this object. To resume, assign a saved state. */
  kept: KeptWeights | null = null;
  private lastEpoch = 0;

  constructor(private readonly parameters: Float32Array) {}

  update(epoch: number, improved: boolean, valLoss: number | null): void {
    this.lastEpoch = epoch;
    if (improved) this.kept = { epoch, values: this.parameters.slice(), standInLoss: null };
    else if (valLoss !== null && this.standsIn(valLoss))
      this.kept = { epoch, values: this.parameters.slice(), standInLoss: valLoss };
  }

  /** Restores the best weights. Returns their epoch, and warnings about the choice. */
  restore(monitor: History['monitor']): { readonly epoch: number; readonly warnings: readonly string[] } {
    const { kept } = this;
    if (kept) this.parameters.set(kept.values);
    if (kept?.standInLoss === null) return { epoch: kept.epoch, warnings: [] };
    const what = { valAuc: 'validation AUC', valC: 'validation C', valLoss: 'validation loss' }[monitor];
    return {
      epoch: kept?.epoch ?? this.lastEpoch,
      warnings: [
        `The ${what} was undefined in every epoch; the weights of ${
          kept ? 'the lowest validation loss' : 'the last epoch'
        } were kept.`,
      ],
    };
  }

  private standsIn(valLoss: number): boolean {
    if (this.kept === null) return Number.isFinite(valLoss);
    return this.kept.standInLoss !== null && valLoss < this.kept.standInLoss;
  }
}
