import type { TableFault } from './table-fault.js';
import type { CellGrid, GridOptions, TableForm } from './cell-grid.js';
import { collapsed } from './collapse-faults.js';
import { readHeader } from './header.js';
import { missingWords, type MissingWords } from './missing.js';
import { openGrid } from './open-grid.js';
import { patientText } from '../../pipeline/core/patient-id.js';
import { readRowIds } from './row-ids.js';

/** A table as it is written: one row per patient, cells as texts or numbers. Cells are parsed on demand. */
export interface TextTable {
  /** Name of the file in messages. */
  readonly file: string;
  readonly idColumn: string;
  /** Names of the columns without the id, in file order. */
  readonly columns: readonly string[];
  readonly patients: readonly string[];
  /** The id of each row, as the file writes it. */
  readonly writtenIds: readonly string[];
  /** Line of each patient's row, as an editor or Excel shows it. */
  readonly lines: readonly number[];
  /** The number in a cell. NaN if the cell is missing or holds no number. */
  readonly number: (row: number, column: number) => number;
  /** The trimmed text of a cell. '' if the cell is missing. */
  readonly text: (row: number, column: number) => string;
  /** The trimmed text of a cell, even if it is a word that means "missing". */
  readonly written: (row: number, column: number) => string;
  /** How the file was read. Null if it could not be read. */
  readonly form: TableForm | null;
  /** Notes for the user on how the file was read. */
  readonly notes: readonly string[];
  /** Rows with a faulty id are left out. A table with any fault must not be used. */
  readonly faults: readonly TableFault[];
}

export interface TextTableOptions extends GridOptions {
  /** The key of the experiment that names the id column, for messages. Absent if no key names the id column. */
  readonly idKey?: string;
  /** Name of the file for messages. */
  readonly name: string;
  /** Words that mean "missing" (`data.patients.missing`). */
  readonly missing: readonly string[];
  /** Sheet of an Excel workbook. @default its only sheet */
  readonly sheet?: string | null;
  /** The character between two cells. @default detected */
  readonly delimiter?: string | null;
  /** The decimal separator. @default detected */
  readonly decimal?: '.' | ',' | null;
  /**
   * Converts a text to an id. Null if it is not an id.
   * @default patientText
   */
  readonly patientOf?: (raw: string) => string | null;
  /**
   * False for tables with several rows per patient, such as a slide table.
   * @default true
   */
  readonly onePerPatient?: boolean;
  /**
   * True for a list of ids without other columns.
   * @default false
   */
  readonly idsAlone?: boolean;
  /**
   * True if the ids are not patients, so that two similar ids are allowed.
   * @default false
   */
  readonly idsMayDiffer?: boolean;
}

/**
 * Reads the table of a file: delimited text, .xlsx or .parquet, recognised by content. Wrong content does not throw: it is returned
 * as faults with lines, so that one run shows the faults of all files.
 *
 * @throws Error of the file system if the file cannot be opened
 * @example const table = await readTextTable('/data/clini.csv', { name: 'clini.csv', id: ['PATIENT'], missing: defaultMissing });
 */
export async function readTextTable(path: string, options: TextTableOptions): Promise<TextTable> {
  const opened = await openGrid(path, options);
  if ('problem' in opened) return refused(options.name, null, [opened]);
  const { grid, form, notes } = opened;
  const header = readHeader(grid, options);
  if (header.problems.length > 0)
    return refused(
      options.name,
      form,
      header.problems.map((problem) => ({ line: grid.headerLine, ...problem })),
    );
  if (grid.rows === 0)
    return refused(options.name, form, [{ line: null, problem: 'there is no row below the header' }]);
  const idColumn = grid.header[header.id] ?? '';
  const { whole, faults } = wholeRows(options.name, grid, header.width);
  const ids = readRowIds(grid, {
    ...{ file: options.name, column: header.id, columnName: idColumn, rows: whole },
    patientOf: options.patientOf ?? patientText,
    onePerPatient: options.onePerPatient ?? true,
    idsMayDiffer: options.idsMayDiffer ?? false,
  });
  return {
    file: options.name,
    idColumn,
    columns: header.names,
    patients: ids.patients,
    writtenIds: ids.written,
    lines: ids.rows.map((row) => grid.line(row)),
    ...cellsOf(grid, ids.rows, header.columns, missingWords(options.missing)),
    form,
    notes,
    faults: [...faults, ...ids.faults],
  };
}

type CellAccess = Pick<TextTable, 'number' | 'text' | 'written'>;

function cellsOf(
  grid: CellGrid,
  rows: readonly number[],
  columns: readonly number[],
  missing: MissingWords,
): CellAccess {
  const rowAt = Int32Array.from(rows);
  const columnAt = Int32Array.from(columns);
  const number = (row: number, column: number): number =>
    grid.number(rowAt[row] as number, columnAt[column] as number);
  const written = (row: number, column: number): string =>
    grid.text(rowAt[row] as number, columnAt[column] as number);
  return {
    number: missing.anyNumber
      ? (row, column) => {
          const value = number(row, column);
          return missing.number(value) ? NaN : value;
        }
      : number,
    text: (row, column) => {
      const text = written(row, column);
      return missing.text(text) || (missing.anyNumber && missing.number(number(row, column))) ? '' : text;
    },
    written,
  };
}

/**
 * The rows with as many cells as the header, and a fault for any other row. Surplus cells without content are no fault. Cells of
 * other rows may be shifted, so no further faults of these rows are reported.
 */
function wholeRows(
  file: string,
  grid: CellGrid,
  width: number,
): { readonly whole: readonly number[]; readonly faults: readonly TableFault[] } {
  const whole: number[] = [];
  const faults: TableFault[] = [];
  let oneMore = 0;
  for (let row = 0; row < grid.rows; row++) {
    const cells = grid.width(row);
    if (cells === width || (cells > width && isBlankFrom(grid, row, width))) whole.push(row);
    else {
      if (cells === width + 1) oneMore++;
      const problem = `${cells} cells where the header has ${width}`;
      faults.push({ file, line: grid.line(row), column: null, problem });
    }
  }
  if (oneMore !== grid.rows || oneMore < 2) return { whole, faults: collapsed(faults) };
  const problem = `all ${oneMore} rows have one cell more than the header. R writes row names like this: use row.names=FALSE, or col.names=NA and name the first column`;
  return { whole, faults: [{ file, line: grid.headerLine, column: null, problem }] };
}

function isBlankFrom(grid: CellGrid, row: number, from: number): boolean {
  for (let column = from; column < grid.width(row); column++) if (grid.text(row, column) !== '') return false;
  return true;
}

function refused(
  file: string,
  form: TableForm | null,
  problems: readonly Omit<TableFault, 'file' | 'column'>[],
): TextTable {
  return {
    ...{ file, idColumn: '', columns: [], patients: [], writtenIds: [], lines: [], form, notes: [] },
    ...{ number: () => NaN, text: () => '', written: () => '' },
    faults: problems.map((problem) => ({ ...problem, file, column: null })),
  };
}
