import type { History } from './history-data.js';

/** Weights kept so far. */
export interface KeptWeights {
  readonly epoch: number;
  readonly values: Float32Array;
  /** Of weights that stand in for the best ones: their validation loss. Null for the best ones. */
  readonly standInLoss: number | null;
}

/**
 * Keeps the weights of the best epoch. As long as the monitored quantity was never defined - a validation set of one
 * class has no AUC - the epoch of lowest validation loss stands in for it.
 */
export class BestWeights {
  /** All it remembers; assign it to go on from there. */
  kept: KeptWeights | null = null;
  private lastEpoch = 0;

  constructor(private readonly parameters: Float32Array) {}

  update(epoch: number, improved: boolean, valLoss: number | null): void {
    this.lastEpoch = epoch;
    if (improved) this.kept = { epoch, values: this.parameters.slice(), standInLoss: null };
    else if (valLoss !== null && this.standsIn(valLoss))
      this.kept = { epoch, values: this.parameters.slice(), standInLoss: valLoss };
  }

  /** Puts the best weights back; says which epoch they are of and what the reader should know about the choice. */
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
