import type { ModalityId } from '../../pipeline/core/modality.js';
import type { EncodedPatients } from '../stage1/encode-patients.js';
import type { NamedArray } from '../tensor/safetensors.js';

/**
 * The mean attention of several encoders over the same bags. Raw scores of two encoders have different scales. So each score is first
 * converted to its fraction of the bag's attention (softmax).
 */
export class MeanAttention {
  private readonly sums = new Map<
    ModalityId,
    { readonly offsets: Int32Array; readonly scores: Float32Array }
  >();

  constructor(private readonly encoders: number) {}

  /** Adds the attention of one fold's encoders. */
  add(attention: ReadonlyMap<ModalityId, EncodedPatients>): void {
    for (const [modality, { scores, offsets }] of attention) {
      const sum = this.sums.get(modality) ?? { offsets, scores: new Float32Array(scores.length) };
      this.sums.set(modality, sum);
      for (let patient = 0; patient + 1 < offsets.length; patient++)
        this.addBag(sum.scores, scores, offsets[patient] as number, offsets[patient + 1] as number);
    }
  }

  arrays(): Record<string, NamedArray> {
    const arrays: Record<string, NamedArray> = {};
    for (const [modality, { scores, offsets }] of this.sums) {
      arrays[`${modality}.scores`] = { shape: [scores.length], data: scores };
      arrays[`${modality}.offsets`] = { shape: [offsets.length], data: offsets };
    }
    return arrays;
  }

  private addBag(sums: Float32Array, scores: Float32Array, from: number, to: number): void {
    let highest = -Infinity;
    for (let at = from; at < to; at++) highest = Math.max(highest, scores[at] as number);
    let total = 0;
    for (let at = from; at < to; at++) total += Math.exp((scores[at] as number) - highest);
    for (let at = from; at < to; at++)
      sums[at] = (sums[at] as number) + Math.exp((scores[at] as number) - highest) / (total * this.encoders);
  }
}
