/**
 * The cells of a table file, whatever its format. Rows without any content are left out. Random access is cheap, so
 * that no cell of a wide table has to be kept as a text.
 */
export interface CellGrid {
  /** Cells of the header, trimmed; trailing ones may be empty. */
  readonly header: readonly string[];
  /** Line of the header, as an editor or Excel shows it, from 1. */
  readonly headerLine: number;
  /** Rows below the header. */
  readonly rows: number;
  /** The line a row begins in, from 1. */
  line(row: number): number;
  /** How many cells a row has. */
  width(row: number): number;
  /** The number a cell holds; NaN when it is empty or holds anything else. */
  number(row: number, column: number): number;
  /** A cell as a text, trimmed; '' when it is empty. Dates are ISO 8601, truth values `true` and `false`. */
  text(row: number, column: number): string;
  /** Why the cell cannot be used as an id, or null. */
  idProblem?(row: number, column: number): string | null;
}

/** How a file was read; `inspect` shows it. */
export interface TableForm {
  readonly format: 'text' | 'xlsx' | 'parquet';
  readonly encoding?: string;
  readonly delimiter?: string;
  readonly decimal?: '.' | ',';
  readonly sheet?: string;
}

/** An opened file, or the reason why it is no table. */
export type OpenedGrid =
  | { readonly grid: CellGrid; readonly form: TableForm; readonly notes: readonly string[] }
  | { readonly line: number | null; readonly problem: string };

/** What a caller may say about a file; null: find out. */
export interface GridOptions {
  readonly sheet?: string | null;
  readonly delimiter?: string | null;
  readonly decimal?: '.' | ',' | null;
  /** Names the id column may have: a header that has one of them settles the delimiter. */
  readonly id: readonly string[];
}
