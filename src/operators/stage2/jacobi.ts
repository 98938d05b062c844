const maxSweeps = 30;
const tolerance = 1e-14;

/** Eigenvalues in descending order, and the eigenvectors as columns of a k x k matrix, stored row by row. */
export interface SymmetricEigen {
  readonly values: Float64Array;
  readonly vectors: Float64Array;
}

/**
 * Eigendecomposition of a symmetric k x k matrix, stored row by row, by cyclic Jacobi rotations in float64 (method.md 5.4). It stops
 * when the off-diagonal norm is below 1e-14 of the trace, or after 30 sweeps. `matrix` is overwritten.
 */
export function symmetricEigen(matrix: Float64Array, k: number): SymmetricEigen {
  const rotation = new Float64Array(k * k);
  for (let i = 0; i < k; i++) rotation[i * k + i] = 1;
  for (let sweep = 0; sweep < maxSweeps && !isDiagonal(matrix, k); sweep++)
    for (let p = 0; p < k - 1; p++) for (let q = p + 1; q < k; q++) rotate(matrix, rotation, k, p, q);
  const order = Array.from({ length: k }, (_, i) => i).sort(
    (a, b) => (matrix[b * k + b] as number) - (matrix[a * k + a] as number),
  );
  const values = Float64Array.from(order, (i) => matrix[i * k + i] as number);
  const vectors = new Float64Array(k * k);
  order.forEach((from, to) => {
    for (let row = 0; row < k; row++) vectors[row * k + to] = rotation[row * k + from] as number;
  });
  return { values, vectors };
}

function isDiagonal(a: Float64Array, k: number): boolean {
  let offDiagonal = 0;
  let trace = 0;
  for (let i = 0; i < k; i++) {
    trace += a[i * k + i] as number;
    for (let j = 0; j < i; j++) offDiagonal += 2 * (a[i * k + j] as number) ** 2;
  }
  return Math.sqrt(offDiagonal) <= tolerance * trace;
}

/** Rotates rows and columns p and q so that a[p,q] becomes zero. */
function rotate(a: Float64Array, rotation: Float64Array, k: number, p: number, q: number): void {
  const apq = a[p * k + q] as number;
  if (apq === 0) return;
  const theta = ((a[q * k + q] as number) - (a[p * k + p] as number)) / (2 * apq);
  // Two angles make a[p,q] zero. With the smaller angle, the rotations converge.
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  turnColumns(a, k, p, q, c, s);
  turnColumns(rotation, k, p, q, c, s);
  for (let i = 0; i < k; i++) {
    const inP = a[p * k + i] as number;
    const inQ = a[q * k + i] as number;
    a[p * k + i] = c * inP - s * inQ;
    a[q * k + i] = s * inP + c * inQ;
  }
}

function turnColumns(a: Float64Array, k: number, p: number, q: number, c: number, s: number): void {
  for (let row = 0; row < k * k; row += k) {
    const inP = a[row + p] as number;
    const inQ = a[row + q] as number;
    a[row + p] = c * inP - s * inQ;
    a[row + q] = s * inP + c * inQ;
  }
}
