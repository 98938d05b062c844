import type { TypedTable } from '../tables/typed-table.js';
import type { Matrix } from '../survival/matrix.js';
import { mean } from '../stats/spread.js';

/** A column of the matrix: how a patient's row of a table becomes one number. */
interface Encoder {
  readonly name: string;
  /** NaN cells and patients without a row included: every answer is a number. */
  readonly of: (cell: number) => number;
}

/** What turns tables into numbers, fitted on training patients. */
export interface Design {
  readonly columns: readonly string[];
  /** [patients, columns] */
  readonly matrixOf: (patients: readonly string[]) => Matrix;
}

/**
 * A design matrix of several tables for classical models: numbers and ordered categories as they are, one column for each other category;
 * a missing cell becomes the training mean and is marked by a column of its own. A patient without a row of a table has all its
 * cells missing. Only training patients decide means, categories and which marks there are.
 */
export function designOf(
  tables: readonly { readonly modality: string; readonly table: TypedTable }[],
  training: readonly string[],
): Design {
  const parts = tables.flatMap(({ modality, table }) => {
    const rows = new Map(table.patients.map((patient, row) => [patient, row]));
    const cellOf = (patient: string, column: number): number => {
      const row = rows.get(patient);
      return row === undefined ? NaN : (table.cells[row * table.columns.length + column] as number);
    };
    return table.columns.map((column, at) => {
      const cells = Float64Array.from(training, (patient) => cellOf(patient, at));
      const own = column.kind === 'nominal' ? categoryEncoders(cells) : numberEncoders(cells);
      return {
        encoders: own.map(({ name, of }) => ({ name: `${modality}.${column.name}${name}`, of })),
        cellOf: (patient: string) => cellOf(patient, at),
      };
    });
  });
  const columns = parts.flatMap(({ encoders }) => encoders.map(({ name }) => name));
  return {
    columns,
    matrixOf: (patients) => {
      const values = new Float64Array(patients.length * columns.length);
      let at = 0;
      for (const patient of patients)
        for (const { encoders, cellOf } of parts) {
          const cell = cellOf(patient);
          for (const { of } of encoders) values[at++] = of(cell);
        }
      return { rows: patients.length, columns: columns.length, values };
    },
  };
}

/** The number itself, and a mark where it is missing if that happens in training. A column without a training value says nothing. */
function numberEncoders(cells: Float64Array): readonly Encoder[] {
  const known = Array.from(cells).filter((cell) => !Number.isNaN(cell));
  if (known.length === 0) return [];
  const middle = mean(known);
  return [
    { name: '', of: (cell) => (Number.isNaN(cell) ? middle : cell) },
    ...(known.length < cells.length ? [missingMark] : []),
  ];
}

/** One column for each category that training patients have. */
function categoryEncoders(cells: Float64Array): readonly Encoder[] {
  const seen = [...new Set(cells)].filter((cell) => !Number.isNaN(cell)).sort((a, b) => a - b);
  return [
    ...seen.map((category): Encoder => ({
      name: ` = ${category}`,
      of: (cell) => (cell === category ? 1 : 0),
    })),
    ...(cells.some(Number.isNaN) && seen.length > 0 ? [missingMark] : []),
  ];
}

const missingMark: Encoder = { name: ' missing', of: (cell) => (Number.isNaN(cell) ? 1 : 0) };
