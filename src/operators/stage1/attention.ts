import type { PackedBags } from './packed-bags.js';

/**
 * Softmax of the raw scores over the instances of each bag (method.md 4.1). Returns the attention of each of the R rows
 * of a pack, [R].
 */
export function attentionOf(scores: ArrayLike<number>, { offsets, targets }: PackedBags): Float32Array {
  const attention = new Float32Array(offsets.at(-1) ?? 0);
  for (let bag = 0; bag < targets.length; bag++) {
    const [from, to] = [offsets[bag] as number, offsets[bag + 1] as number];
    let highest = -Infinity;
    for (let row = from; row < to; row++) highest = Math.max(highest, scores[row] as number);
    let sum = 0;
    for (let row = from; row < to; row++) sum += Math.exp((scores[row] as number) - highest);
    for (let row = from; row < to; row++) attention[row] = Math.exp((scores[row] as number) - highest) / sum;
  }
  return attention;
}
