import { symmetricEigen } from './jacobi.js';
import { addRow, dotRows } from './row-arithmetic.js';

/**
 * How the sign of q1, the leading left singular vector, is fixed. An SVD leaves this sign arbitrary (method.md 5.4).
 */
export type SignRule = 'sum' | 'invariant' | 'none';

/** Column norm below which a column counts as zero. A leading singular value below it leaves q1 undefined. */
export const zeroNorm = 1e-12;
/** Added to the norm of a vector before the vector is divided by the norm. */
const normEpsilon = 1e-8;

/** The SVD of one patient's modality vectors, by the eigendecomposition of their k x k Gram matrix. */
export interface PatientSvd {
  /** Number k of observed modalities. */
  readonly columns: number;
  /** The (normalised) modality vectors, concatenated, k x D: the transpose of the matrix U of method.md 5.4. */
  readonly rows: Float64Array;
  /** Euclidean norms of the given vectors, k values. */
  readonly norms: Float64Array;
  /** Eigenvalues of the Gram matrix, descending and non-negative, k values. */
  readonly eigenvalues: Float64Array;
  /** Right singular vectors as columns, k x k. The sign of the first one corresponds to the sign of q1. */
  readonly right: Float64Array;
  /** Singular values, descending: min(D, k) values. */
  readonly sigma: Float64Array;
  /** Leading left singular vector, D values. Zeros if all vectors are zero. */
  readonly q1: Float64Array;
}

/**
 * Decomposes the vectors of one patient (method.md 5.2, 5.4) in float64.
 *
 * @param u vectors of this patient, [modalities, width]
 * @param observed positions of the observed modalities in `u`
 */
export function patientSvd(
  u: Float32Array | Float64Array,
  observed: readonly number[],
  width: number,
  normalize: boolean,
  sign: SignRule,
): PatientSvd {
  const columns = observed.length;
  const rows = new Float64Array(columns * width);
  const norms = new Float64Array(columns);
  observed.forEach((modality, column) => {
    let squares = 0;
    for (let d = 0; d < width; d++) squares += (u[modality * width + d] as number) ** 2;
    const norm = Math.sqrt(squares);
    const scale = normalize ? 1 / (norm + normEpsilon) : 1;
    for (let d = 0; d < width; d++) rows[column * width + d] = (u[modality * width + d] as number) * scale;
    norms[column] = norm;
  });
  const { values, vectors } = symmetricEigen(gram(rows, columns, width), columns);
  const eigenvalues = values.map((value) => Math.max(value, 0));
  const sigma = eigenvalues.slice(0, Math.min(columns, width)).map(Math.sqrt);
  if (sign !== 'none') orient(vectors, columns);
  const q1 = new Float64Array(width);
  const leading = sigma[0] as number;
  if (leading > zeroNorm)
    for (let column = 0; column < columns; column++)
      addRow(q1, 0, rows, column, (vectors[column * columns] as number) / leading, width);
  return { columns, rows, norms, eigenvalues, right: vectors, sigma, q1 };
}

function gram(rows: Float64Array, columns: number, width: number): Float64Array {
  const matrix = new Float64Array(columns * columns);
  for (let i = 0; i < columns; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let d = 0; d < width; d++)
        sum += (rows[i * width + d] as number) * (rows[j * width + d] as number);
      matrix[i * columns + j] = sum;
      matrix[j * columns + i] = sum;
    }
  return matrix;
}

/**
 * Chooses the sign of the leading right singular vector so that the sum of its components is positive. If this sum is
 * close to 0, the first component becomes non-negative.
 */
function orient(vectors: Float64Array, k: number): void {
  let sum = 0;
  for (let row = 0; row < k; row++) sum += vectors[row * k] as number;
  const decides = Math.abs(sum) > 1e-3 * Math.sqrt(k) ? sum : (vectors[0] as number);
  if (decides < 0) for (let row = 0; row < k; row++) vectors[row * k] = -(vectors[row * k] as number);
}

/** Converts a gradient with respect to the normalised vectors (k x D) to one with respect to the given vectors, in place. */
export function throughNormalisation({ columns, rows, norms }: PatientSvd, dRows: Float64Array): void {
  const width = rows.length / columns;
  for (let column = 0; column < columns; column++) {
    const norm = norms[column] as number;
    const at = column * width;
    if (norm < zeroNorm) {
      dRows.fill(0, at, at + width);
      continue;
    }
    const along = dotRows(rows, column, dRows, column, width);
    // A given vector x with norm n was normalised to row = x / (n + eps). For a gradient dU with respect to row, the
    // gradient with respect to x is dU / (n + eps) - x (x . dU) / (n (n + eps)^2). The second term is row (row . dU) /
    // n.
    for (let d = 0; d < width; d++)
      dRows[at + d] =
        (dRows[at + d] as number) / (norm + normEpsilon) - ((rows[at + d] as number) * along) / norm;
  }
}
