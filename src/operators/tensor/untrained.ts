import { HafError } from '../../pipeline/core/errors.js';
import type { ParameterLayout } from './parameters.js';

/** The groups of training patients in an epoch, one group for each step. */
export type Drawn = readonly (readonly number[])[];

/**
 * Checks over an epoch that every array of a model learns. A layer that is declared but missing in the gradient would keep its random
 * values, and no other check would show it.
 */
export class GradientWatch {
  private readonly silent: Set<ParameterLayout['entries'][number]>;
  private readonly drawn: (readonly number[])[] = [];

  constructor(layout: ParameterLayout) {
    this.silent = new Set(layout.entries);
  }

  /** @param gradient of a step that was taken, all finite */
  see(gradient: Float32Array, group: readonly number[]): void {
    this.drawn.push(group);
    for (const entry of this.silent) {
      const part = gradient.subarray(entry.offset, entry.offset + entry.size);
      if (part.some((value) => value !== 0)) this.silent.delete(entry);
    }
  }

  /**
   * @param exempt arrays that rightly have no gradient because of settings or data
   * @param of name of the training
   * @throws HafError HAF_LAYER_UNTRAINED naming the arrays without a gradient in any step
   */
  check(exempt: (drawn: Drawn) => ReadonlySet<string>, of: string): void {
    // If all steps were skipped, nothing is known about the model. Too many skipped steps end the training anyway.
    if (this.silent.size === 0 || this.drawn.length === 0) return;
    const excused = exempt(this.drawn);
    const names = [...this.silent].map(({ name }) => name).filter((name) => !excused.has(name));
    if (names.length === 0) return;
    throw new HafError(
      'HAF_LAYER_UNTRAINED',
      `No step of the first epoch of ${of} had a gradient for ${names.join(', ')}.`,
      'Check whether a setting leaves them without a loss; if none does, it is a fault of the method: please report it.',
      { context: { arrays: names } },
    );
  }
}
