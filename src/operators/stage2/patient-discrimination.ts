/** L_PD of a group and its gradient with respect to the leading vectors. */
export interface DiscriminationLoss {
  readonly loss: number;
  /** [B, D], without the weight of the loss. */
  readonly gradient: Float64Array;
}

/**
 * Patient-discrimination loss (eq. 6): every patient's leading vector q1 must be closer to itself than to the other
 * patients of the group, `mean_i -log softmax_j(q1_i . q1_j / tau)_i`. Zero for a group of one.
 *
 * @param q B vectors of D values
 * @param invariant use `|q_i . q_j|`, which does not depend on the sign of q1 (method.md 5.4)
 */
export function patientDiscrimination(
  q: readonly Float64Array[],
  tau: number,
  invariant: boolean,
): DiscriminationLoss {
  const count = q.length;
  const width = q[0]?.length ?? 0;
  const gradient = new Float64Array(count * width);
  if (count < 2) return { loss: 0, gradient };
  const products = dotProducts(q);
  const similarity = (i: number, j: number): number => {
    const dot = products[i * count + j] as number;
    return (invariant ? Math.abs(dot) : dot) / tau;
  };
  let loss = 0;
  for (let i = 0; i < count; i++) {
    let highest = -Infinity;
    for (let j = 0; j < count; j++) highest = Math.max(highest, similarity(i, j));
    let sum = 0;
    for (let j = 0; j < count; j++) sum += Math.exp(similarity(i, j) - highest);
    loss += highest + Math.log(sum) - similarity(i, i);
    for (let j = 0; j < count; j++) {
      const share = Math.exp(similarity(i, j) - highest) / sum - (i === j ? 1 : 0);
      const side = invariant && (products[i * count + j] as number) < 0 ? -1 : 1;
      const slope = (side * share) / (count * tau);
      // The product q_i . q_j hands the slope to both its factors.
      addScaled(gradient, i, q[j] as Float64Array, slope);
      addScaled(gradient, j, q[i] as Float64Array, slope);
    }
  }
  return { loss: loss / count, gradient };
}

function dotProducts(q: readonly Float64Array[]): Float64Array {
  const count = q.length;
  const products = new Float64Array(count * count);
  q.forEach((left, i) => {
    for (let j = 0; j <= i; j++) {
      const right = q[j] as Float64Array;
      let sum = 0;
      for (let d = 0; d < left.length; d++) sum += (left[d] as number) * (right[d] as number);
      products[i * count + j] = sum;
      products[j * count + i] = sum;
    }
  });
  return products;
}

function addScaled(gradient: Float64Array, row: number, vector: Float64Array, scale: number): void {
  const at = row * vector.length;
  for (let d = 0; d < vector.length; d++)
    gradient[at + d] = (gradient[at + d] as number) + scale * (vector[d] as number);
}
