/** A dense matrix in float64, stored row by row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** M v */
export function timesVector({ rows, columns, values }: Matrix, v: Float64Array): Float64Array {
  const product = new Float64Array(rows);
  for (let row = 0, at = 0; row < rows; row++) {
    let sum = 0;
    for (let column = 0; column < columns; column++, at++)
      sum += (values[at] as number) * (v[column] as number);
    product[row] = sum;
  }
  return product;
}

/** M' v */
export function transposedTimes({ rows, columns, values }: Matrix, v: Float64Array): Float64Array {
  const product = new Float64Array(columns);
  for (let row = 0, at = 0; row < rows; row++) {
    const factor = v[row] as number;
    for (let column = 0; column < columns; column++, at++)
      product[column] = (product[column] as number) + factor * (values[at] as number);
  }
  return product;
}

/** M M', [rows, rows]: products of rows. Four rows are processed together, so that each value is read once for four products. */
export function gramOfRows({ rows, columns, values }: Matrix): Matrix {
  const gram = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++) {
    const own = i * columns;
    for (let j = 0; j <= i; j += 4) {
      // Indices beyond the last row repeat the last row. Their products are discarded.
      const [a, b, c, d] = [0, 1, 2, 3].map((k) => Math.min(j + k, i) * columns) as [
        number,
        number,
        number,
        number,
      ];
      let [sumA, sumB, sumC, sumD] = [0, 0, 0, 0];
      for (let k = 0; k < columns; k++) {
        const value = values[own + k] as number;
        sumA += value * (values[a + k] as number);
        sumB += value * (values[b + k] as number);
        sumC += value * (values[c + k] as number);
        sumD += value * (values[d + k] as number);
      }
      for (const [k, sum] of [sumA, sumB, sumC, sumD].entries()) {
        if (j + k > i) break;
        gram[i * rows + j + k] = gram[(j + k) * rows + i] = sum;
      }
    }
  }
  return { rows, columns: rows, values: gram };
}

export function transposed({ rows, columns, values }: Matrix): Matrix {
  const turned = new Float64Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      turned[column * rows + row] = values[row * columns + column] as number;
  return { rows: columns, columns: rows, values: turned };
}

/** Some rows of a matrix, by position. */
export function rowsAt({ columns, values }: Matrix, rows: readonly number[]): Matrix {
  const picked = new Float64Array(rows.length * columns);
  for (const [to, row] of rows.entries())
    picked.set(values.subarray(row * columns, (row + 1) * columns), to * columns);
  return { rows: rows.length, columns, values: picked };
}

/** Some columns of a matrix, by position. */
export function columnsAt({ rows, columns, values }: Matrix, picked: readonly number[]): Matrix {
  return {
    ...{ rows, columns: picked.length },
    values: Float64Array.from(
      { length: rows * picked.length },
      (_, at) =>
        values[Math.floor(at / picked.length) * columns + (picked[at % picked.length] as number)] as number,
    ),
  };
}
