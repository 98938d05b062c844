/**
 * The cells of a table file of any format. Rows without content are left out. Random access is cheap, so that the cells of a wide
 * table need not be kept as texts.
 */
export interface CellGrid {
  /** Cells of the header, trimmed. Trailing cells may be empty. */
  readonly header: readonly string[];
  /** Line of the header as an editor or Excel shows it, counted from 1. */
  readonly headerLine: number;
  /** Number of rows below the header. */
  readonly rows: number;
  /** The line in which a row begins, counted from 1. */
  line(row: number): number;
  /** Number of cells of a row. */
  width(row: number): number;
  /** The number in a cell. NaN if it is empty or holds anything else. */
  number(row: number, column: number): number;
  /** A cell as a text, trimmed. '' if it is empty. Dates are ISO 8601, truth values `true` and `false`. */
  text(row: number, column: number): string;
  /** Why the cell cannot be used as an id. Null if it can. */
  idProblem?(row: number, column: number): string | null;
}

/** How a file was read. Shown by `inspect`. */
export interface TableForm {
  readonly format: 'text' | 'xlsx' | 'parquet';
  readonly encoding?: string;
  readonly delimiter?: string;
  readonly decimal?: '.' | ',';
  readonly sheet?: string;
}

/** An opened file, or the reason why it is not a table. */
export type OpenedGrid =
  | { readonly grid: CellGrid; readonly form: TableForm; readonly notes: readonly string[] }
  | { readonly line: number | null; readonly problem: string };

/** What a caller knows about a file. A property that is null is detected. */
export interface GridOptions {
  readonly sheet?: string | null;
  readonly delimiter?: string | null;
  readonly decimal?: '.' | ',' | null;
  /**
   * Possible names of the id column. A delimiter that splits the header into cells with one of these names is
   * preferred.
   */
  readonly id: readonly string[];
}
