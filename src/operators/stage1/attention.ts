import type { PackedBags } from './packed-bags.js';

/**
 * Softmax of the raw scores over the instances of each bag (method.md 4.1), as the block matrix [P, R] whose row i holds
 * the attention of bag i, so that pooling and its gradient are one product each.
 */
export function attentionMatrix(scores: ArrayLike<number>, { offsets, labels }: PackedBags): Float32Array {
  const rows = offsets.at(-1) ?? 0;
  const matrix = new Float32Array(labels.length * rows);
  for (let bag = 0; bag < labels.length; bag++) {
    const [from, to] = [offsets[bag] as number, offsets[bag + 1] as number];
    let highest = -Infinity;
    for (let row = from; row < to; row++) highest = Math.max(highest, scores[row] as number);
    let sum = 0;
    for (let row = from; row < to; row++) sum += Math.exp((scores[row] as number) - highest);
    for (let row = from; row < to; row++)
      matrix[bag * rows + row] = Math.exp((scores[row] as number) - highest) / sum;
  }
  return matrix;
}
