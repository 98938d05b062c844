import { z } from 'zod';

export const columnKinds = ['numeric', 'binary', 'nominal', 'ordinal'] as const;

/** One column of a typed table (docs/method.md 2.2). */
export const typedColumnSchema = z.strictObject({
  name: z.string(),
  kind: z.enum(columnKinds),
  /**
   * The meaning of the numbers in the cells. In a nominal column, and in an ordinal one with a declared order, a cell
   * `k` means `categories[k]`. In a binary column, `categories` are the words for 0 and 1. Absent if the cells hold
   * the numbers of the file.
   */
  categories: z.array(z.string()).exactOptional(),
  /** Whether the kind was inferred from the values. */
  inferred: z.boolean(),
  note: z.string().exactOptional(),
});
export type TypedColumn = z.infer<typeof typedColumnSchema>;
export type ColumnKind = TypedColumn['kind'];

/**
 * The declaration of a column in an experiment. A list names all values: in their order for an ordinal
 * column, in the order of the one-hot columns for a nominal column.
 */
export type ColumnDeclaration =
  | ColumnKind
  | 'infer'
  | 'ignore'
  | { readonly ordinal: readonly (string | number)[] }
  | { readonly nominal: readonly (string | number)[] };

export interface TableDeclaration {
  readonly columns: Readonly<Record<string, ColumnDeclaration>>;
  /** The kind of the columns that are not named. */
  readonly others: 'infer' | 'numeric' | 'nominal' | 'ignore';
  /**
   * Keeps columns that are constant or empty. HANCOCK needs this, because the number of its columns must not depend on
   * the patients.
   * @default false
   */
  readonly keepConstant?: boolean;
}

/** Why a column is no input. */
export type LeftOutReason =
  'declared' | 'outcome' | 'constant' | 'missing' | 'identifier' | 'date' | 'row number' | 'mixed';

/** One column, while its kind is decided. */
export interface ColumnView {
  readonly name: string;
  /** Numbers of all rows. NaN if the cell is missing or is no number. The array is reused for the next column. */
  readonly numbers: Float64Array;
  /** Number of cells that are neither missing nor a number. */
  readonly texts: number;
  /** Texts of all rows. '' if the cell is missing. */
  readonly words: () => readonly string[];
  /** Texts of all rows, including those that mean "missing". */
  readonly written: () => readonly string[];
  /** Line of a row in the file, for messages about faults. */
  readonly line: (row: number) => number;
  /** Whether the column is named in the experiment, and not only covered by `others`. */
  readonly named: boolean;
}

/** The decision about a column: an input, left out with a warning, or a fault that ends the run. */
export type Settled =
  | {
      readonly type: 'input';
      readonly column: TypedColumn;
      /** The values of the cells. Absent if they are the `numbers` of the `ColumnView`. */
      readonly cells?: Float64Array;
      readonly warning?: string;
    }
  | { readonly type: 'left'; readonly reason: 'constant' | 'missing' }
  | {
      readonly type: 'fault';
      readonly reason: LeftOutReason;
      readonly line: number | null;
      readonly problem: string;
    };
