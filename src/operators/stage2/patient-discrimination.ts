import { addCombination, dotRows } from './row-arithmetic.js';

/**
 * Patient-discrimination loss L_PD of a group and its gradient with respect to the leading vectors q1 of the patients.
 */
export interface DiscriminationLoss {
  readonly loss: number;
  /** Gradient with respect to the leading vectors, [patients, width]. The weight of the loss is not included. */
  readonly gradient: Float64Array;
}

/**
 * Patient-discrimination loss (eq. 6 of the paper): every patient's leading vector q1 must be more similar to itself
 * than to those of the other patients of the group, `mean_i -log softmax_j(q1_i . q1_j / tau)_i`. It is zero for a
 * group of one patient.
 *
 * @param q [patients, width], the leading vectors, concatenated
 * @param invariant use `|q_i . q_j|`, which does not depend on the sign of q1 (method.md 5.4)
 */
export function patientDiscrimination(
  q: Float64Array,
  width: number,
  tau: number,
  invariant: boolean,
): DiscriminationLoss {
  const count = q.length / width;
  const gradient = new Float64Array(q.length);
  if (count < 2) return { loss: 0, gradient };
  const products = dotProducts(q, count, width);
  const { loss, slopes } = softmaxSlopes(products, count, tau, invariant);
  // The product q_i . q_j occurs twice in the matrix, in row i and in row j. So the gradient of q_i is the sum over j
  // of q_j times the derivatives of both entries.
  const weights = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++)
      weights[j] = (slopes[i * count + j] as number) + (slopes[j * count + i] as number);
    addCombination(gradient, i, q, weights, width);
  }
  return { loss, gradient };
}

function dotProducts(q: Float64Array, count: number, width: number): Float64Array {
  const products = new Float64Array(count * count);
  for (let i = 0; i < count; i++)
    for (let j = 0; j <= i; j++) {
      const product = dotRows(q, i, q, j, width);
      products[i * count + j] = product;
      products[j * count + i] = product;
    }
  return products;
}

/** The loss, and its derivative with respect to each entry of the matrix of products. */
function softmaxSlopes(
  products: Float64Array,
  count: number,
  tau: number,
  invariant: boolean,
): { readonly loss: number; readonly slopes: Float64Array } {
  const slopes = new Float64Array(products.length);
  let loss = 0;
  for (let i = 0; i < count; i++) {
    const row = products.subarray(i * count, (i + 1) * count);
    const out = slopes.subarray(i * count, (i + 1) * count);
    let highest = -Infinity;
    for (let j = 0; j < count; j++) {
      const similarity = (invariant ? Math.abs(row[j] as number) : (row[j] as number)) / tau;
      out[j] = similarity;
      highest = Math.max(highest, similarity);
    }
    const own = out[i] as number;
    let sum = 0;
    for (let j = 0; j < count; j++) sum += out[j] = Math.exp((out[j] as number) - highest);
    loss += highest + Math.log(sum) - own;
    for (let j = 0; j < count; j++) {
      const side = invariant && (row[j] as number) < 0 ? -1 : 1;
      out[j] = (side * ((out[j] as number) / sum - (i === j ? 1 : 0))) / (count * tau);
    }
  }
  return { loss: loss / count, slopes };
}
