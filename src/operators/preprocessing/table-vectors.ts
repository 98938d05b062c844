import type { Config } from '../../pipeline/config/schema.js';
import type { TypedTable } from '../tables/typed-table.js';
import { encodedWidth, encodeRow } from './encode-row.js';
import type { FittedColumn } from './vectors-data.js';

/**
 * The vectors of the patients in one table: `values` is float32 [patients, width]; `observed` is 1 for each patient
 * whose row may be read.
 */
export interface TableVectors {
  readonly width: number;
  readonly values: Float32Array;
  readonly observed: Uint8Array;
}

/**
 * Encodes rows of a table with the parameters fitted on training patients (method.md 2.3, 2.4).
 *
 * @param rows row of each patient; undefined for a patient without one
 * @param chosen positions of the fitted columns in the table
 */
export function tableVectors(
  { columns: { length: stride }, cells }: Pick<TypedTable, 'columns' | 'cells'>,
  rows: readonly (number | undefined)[],
  { chosen, columns }: { readonly chosen: readonly number[]; readonly columns: readonly FittedColumn[] },
  absentRow: Config['tabular']['absentRow'],
): TableVectors {
  const width = encodedWidth(columns);
  const values = new Float32Array(rows.length * width);
  const observed = new Uint8Array(rows.length);
  rows.forEach((row, at) => {
    // `impute` encodes an absent row like a row whose cells are all missing.
    if (row === undefined && absentRow !== 'impute') return;
    const cellOf = (position: number): number =>
      row === undefined ? NaN : (cells[row * stride + (chosen[position] as number)] as number);
    encodeRow(columns, cellOf, values, at * width);
    observed[at] = 1;
  });
  return { width, values, observed };
}
