import type { Matrix } from './matrix.js';

/**
 * Lower triangular L with L L' = M (Cholesky), with zeros above the diagonal.
 *
 * @param matrix symmetric and positive definite
 * @throws RangeError if it is not positive definite
 */
export function cholesky({ rows, values }: Matrix): Matrix {
  const lower = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++) {
    const own = i * rows;
    for (let j = 0; j <= i; j++) {
      const other = j * rows;
      let sum = values[own + j] as number;
      for (let k = 0; k < j; k++) sum -= (lower[own + k] as number) * (lower[other + k] as number);
      if (j < i) lower[own + j] = sum / (lower[other + j] as number);
      else if (sum > 0) lower[own + j] = Math.sqrt(sum);
      else throw new RangeError(`row ${i} of the matrix makes it not positive definite`);
    }
  }
  return { rows, columns: rows, values: lower };
}

/** Solves L x = b for x. */
export function solveLower({ rows, values }: Matrix, b: Float64Array): Float64Array {
  const x = b.slice();
  for (let i = 0; i < rows; i++) {
    let sum = x[i] as number;
    for (let k = 0, at = i * rows; k < i; k++, at++) sum -= (values[at] as number) * (x[k] as number);
    x[i] = sum / (values[i * rows + i] as number);
  }
  return x;
}

/** Solves L' x = b for x. */
export function solveUpper({ rows, values }: Matrix, b: Float64Array): Float64Array {
  const x = b.slice();
  for (let i = rows - 1; i >= 0; i--) {
    const own = (x[i] as number) / (values[i * rows + i] as number);
    x[i] = own;
    for (let k = 0, at = i * rows; k < i; k++, at++) x[k] = (x[k] as number) - (values[at] as number) * own;
  }
  return x;
}
