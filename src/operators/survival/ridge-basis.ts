import { cholesky, solveUpper } from './cholesky.js';
import { gramOfRows, transposed, transposedTimes, type Matrix } from './matrix.js';

/** The standardisation of columns on training patients: centred, and divided by their population standard deviation. */
export interface ColumnScale {
  readonly mean: Float64Array;
  /** 0 for a column that is constant in training, so the column has no effect. */
  readonly factor: Float64Array;
}

/**
 * A space in which the linear predictors of a ridge model are Y w with penalty |w|^2. Its number of dimensions is that of columns or
 * of training patients, whichever is smaller: 15,000 genes of 500 patients need 500.
 */
export interface RidgeBasis {
  readonly scale: ColumnScale;
  /** Number of columns that are not constant. */
  readonly used: number;
  /** The matrix Y of the patients in the new basis, [patients, dimensions]. */
  readonly rows: Matrix;
  /** The Gram matrix Y'Y, [dimensions, dimensions]. */
  readonly gram: Matrix;
  /** Converts w to coefficients of the standardised columns. */
  coefficients(w: Float64Array): Float64Array;
}

/** @param x [training patients, columns], all finite */
export function ridgeBasis(x: Matrix): RidgeBasis {
  const scale = columnScale(x);
  const z = standardised(x, scale);
  const used = scale.factor.reduce((count, factor) => count + (factor > 0 ? 1 : 0), 0);
  if (x.columns <= x.rows)
    return { scale, used, rows: z, gram: gramOfRows(transposed(z)), coefficients: (w) => w };
  const products = gramOfRows(z);
  let trace = 0;
  for (let i = 0; i < x.rows; i++) trace += products.values[i * x.rows + i] as number;
  // The products of the rows form a singular matrix, because the columns are centred. A small number on the diagonal
  // makes it positive definite, as Cholesky requires. The number is far too small to affect the penalty.
  for (let i = 0; i < x.rows; i++)
    products.values[i * x.rows + i] =
      (products.values[i * x.rows + i] as number) + (1e-10 * trace) / x.rows + 1e-300;
  const lower = cholesky(products);
  return {
    scale,
    used,
    rows: lower,
    gram: gramOfRows(transposed(lower)),
    coefficients: (w) => transposedTimes(z, solveUpper(lower, w)),
  };
}

/**
 * Cholesky factor of lambda I + curvature Y'Y, which approximates the curvature of a penalised loss.
 *
 * @param curvature mean second derivative of the loss of a patient
 */
export const preconditionerOf = (
  { gram }: Pick<RidgeBasis, 'gram'>,
  curvature: number,
  lambda: number,
): Matrix =>
  cholesky({
    ...gram,
    values: gram.values.map((value, at) => curvature * value + (at % (gram.columns + 1) === 0 ? lambda : 0)),
  });

function columnScale({ rows, columns, values }: Matrix): ColumnScale {
  const mean = new Float64Array(columns);
  const square = new Float64Array(columns);
  const largest = new Float64Array(columns);
  for (let at = 0; at < values.length; at++) {
    const column = at % columns;
    const value = values[at] as number;
    mean[column] = (mean[column] as number) + value / rows;
    largest[column] = Math.max(largest[column] as number, Math.abs(value));
  }
  for (let at = 0; at < values.length; at++) {
    const column = at % columns;
    square[column] = (square[column] as number) + ((values[at] as number) - (mean[column] as number)) ** 2;
  }
  return {
    mean,
    factor: square.map((sum, column) => {
      const deviation = Math.sqrt(sum / rows);
      return deviation > 1e-9 * (largest[column] as number) ? 1 / deviation : 0;
    }),
  };
}

/** The rows of patients, standardised like the training patients. */
export function standardised({ rows, columns, values }: Matrix, { mean, factor }: ColumnScale): Matrix {
  return {
    rows,
    columns,
    values: values.map((value, at) => {
      const column = at % columns;
      return (value - (mean[column] as number)) * (factor[column] as number);
    }),
  };
}
