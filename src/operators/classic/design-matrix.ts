import type { TypedColumn } from '../tables/typed-column.js';
import type { TypedTable } from '../tables/typed-table.js';
import type { Matrix } from '../survival/matrix.js';
import { mean } from '../stats/spread.js';
import type { Design, DesignColumn } from './design-data.js';

/** A table modality and its rows. */
export interface DesignTable {
  readonly modality: string;
  readonly table: TypedTable;
}

/** Options of a design. */
export interface DesignChoices {
  /**
   * How missing cells are marked if several columns of a table lack the values of the same patients: by one mark per
   * column (`each`), or by one mark for all of these columns (`once`). Under a ridge penalty, forty equal marks have
   * the same effect as one mark with a fortieth of the penalty.
   */
  readonly marks?: 'each' | 'once';
  /**
   * What a patient without a row of a table gets: all cells missing, or the training mean of each column, including marks. With
   * means, an absent table does not affect the score.
   */
  readonly absent?: 'missing' | 'mean';
}

/**
 * Fits the design matrix of several tables for classical models. Numbers and ordered categories stay unchanged. A table
 * column without order becomes one matrix column for each of its categories. A missing cell becomes the training mean
 * and is marked by a separate column. Only training patients decide means, categories and marks.
 */
export const fitDesign = (
  tables: readonly DesignTable[],
  training: readonly string[],
  { marks = 'each', absent = 'missing' }: DesignChoices = {},
): Design => ({
  tables: tables.map(({ modality, table }) => {
    if (absent === 'missing') return { modality, columns: fitColumns(table, training, marks) };
    const inTable = new Set(table.patients);
    const own = training.filter((patient) => inTable.has(patient));
    const columns = fitColumns(table, own, marks);
    const {
      rows,
      columns: width,
      values,
    } = designMatrix({ tables: [{ modality, columns }] }, [{ modality, table }], own);
    const column = (at: number) =>
      Array.from({ length: rows }, (_, row) => values[row * width + at] as number);
    return { modality, columns, absent: Array.from({ length: width }, (_, at) => mean(column(at))) };
  }),
});

function fitColumns(table: TypedTable, training: readonly string[], marks: 'each' | 'once') {
  const cellOf = cellsOf(table);
  const marked = new Set<string>();
  return table.columns.flatMap((column, at) => {
    const cells = Float64Array.from(training, (patient) => cellOf(patient, at));
    const missing = Array.from(cells, (cell) => (Number.isNaN(cell) ? 1 : 0)).join('');
    const mark = missing.includes('1') && !(marks === 'once' && marked.has(missing));
    marked.add(missing);
    return column.kind === 'nominal' ? fitCategories(column, cells, mark) : fitNumber(column, cells, mark);
  });
}

/** Names of the columns of the matrix, in order. */
export const designColumns = ({ tables }: Design): readonly string[] =>
  tables.flatMap(({ modality, columns }) =>
    columns.flatMap((column) => [
      ...(column.kind === 'number'
        ? [`${modality}.${column.name}`]
        : column.categories.map((category) => `${modality}.${column.name} = ${category}`)),
      ...(column.mark ? [`${modality}.${column.name} missing`] : []),
    ]),
  );

/**
 * The rows of patients in the columns of a design, [patients, columns]. Cells are compared by the words of their
 * categories, so tables may number categories in any way. Unknown categories are 0 in all columns.
 *
 * @param tables a table of the design that is not given has all its cells missing
 * @param open whether a row may be read, given the position of the patient and the modality of the table
 * @throws RangeError if a given table lacks a column of the design
 */
export function designMatrix(
  design: Design,
  tables: readonly DesignTable[],
  patients: readonly string[],
  open: (row: number, modality: string) => boolean = () => true,
): Matrix {
  const width = designColumns(design).length;
  const values = new Float64Array(patients.length * width);
  let from = 0;
  for (const { modality, columns, absent } of design.tables) {
    const table = tables.find((one) => one.modality === modality)?.table;
    const cellOf = table === undefined ? () => NaN : cellsOf(table);
    const start = from;
    for (const column of columns) {
      const at = table === undefined ? 0 : positionOf(table, column.name, modality);
      const writes = writerOf(column, table?.columns[at]);
      patients.forEach((patient, row) => {
        const cell = open(row, modality) ? cellOf(patient, at) : NaN;
        writes.into(values, row * width + from, cell);
      });
      from += writes.width;
    }
    if (absent === undefined) continue;
    const having = new Set(table?.patients);
    patients.forEach((patient, row) => {
      if (!having.has(patient) || !open(row, modality)) values.set(absent, row * width + start);
    });
  }
  return { rows: patients.length, columns: width, values };
}

/** Returns the cell of a patient in a column. NaN if the patient has no row in the table. */
function cellsOf(table: TypedTable): (patient: string, column: number) => number {
  const rows = new Map(table.patients.map((patient, row) => [patient, row]));
  return (patient, column) => {
    const row = rows.get(patient);
    return row === undefined ? NaN : (table.cells[row * table.columns.length + column] as number);
  };
}

function positionOf({ columns }: TypedTable, name: string, modality: string): number {
  const at = columns.findIndex((column) => column.name === name);
  if (at < 0) throw new RangeError(`the table ${modality} has no column "${name}", which the model reads`);
  return at;
}

/** The category of a cell as a word. Without categories, the cell's number as text. */
const wordOf = (column: TypedColumn | undefined, cell: number): string =>
  column?.categories?.[cell] ?? String(cell);

/** Writes the `width` numbers for one cell into the array `row`, from position `from` on. */
interface CellWriter {
  readonly width: number;
  readonly into: (row: Float64Array, from: number, cell: number) => void;
}

/** @param given the column `column.name` in the table of the patients; undefined if this table is not given */
function writerOf(column: DesignColumn, given: TypedColumn | undefined): CellWriter {
  const mark = (row: Float64Array, at: number, missing: boolean): void => {
    if (column.mark && missing) row[at] = 1;
  };
  if (column.kind === 'number') {
    const { mean: middle, words } = column;
    const numberOf = (cell: number): number => {
      if (Number.isNaN(cell) || words === undefined || given?.categories === undefined) return cell;
      const known = words.indexOf(wordOf(given, cell));
      return known < 0 ? NaN : known;
    };
    return {
      width: column.mark ? 2 : 1,
      into: (row, from, cell) => {
        const number = numberOf(cell);
        const missing = Number.isNaN(number);
        row[from] = missing ? middle : number;
        mark(row, from + 1, missing);
      },
    };
  }
  const { categories } = column;
  return {
    width: categories.length + (column.mark ? 1 : 0),
    into: (row, from, cell) => {
      const missing = Number.isNaN(cell);
      const own = missing ? -1 : categories.indexOf(wordOf(given, cell));
      if (own >= 0) row[from + own] = 1;
      mark(row, from + categories.length, missing);
    },
  };
}

/** The one matrix column for a column of numbers. It is left out if no training patient has a value. */
function fitNumber(
  { name, categories }: TypedColumn,
  cells: Float64Array,
  mark: boolean,
): readonly DesignColumn[] {
  const known = Array.from(cells).filter((cell) => !Number.isNaN(cell));
  if (known.length === 0) return [];
  return [
    {
      ...{ kind: 'number', name, mean: mean(known) },
      range: [
        known.reduce((least, cell) => Math.min(least, cell)),
        known.reduce((most, cell) => Math.max(most, cell)),
      ],
      ...(categories !== undefined && { words: [...categories] }),
      mark,
    },
  ];
}

/** One column for each category of the training patients. */
function fitCategories(column: TypedColumn, cells: Float64Array, mark: boolean): readonly DesignColumn[] {
  const seen = [...new Set(cells)].filter((cell) => !Number.isNaN(cell)).sort((a, b) => a - b);
  if (seen.length === 0) return [];
  return [
    {
      ...{ kind: 'category', name: column.name },
      categories: seen.map((cell) => wordOf(column, cell)),
      mark,
    },
  ];
}
