import { leaksOf } from '../preflight/leak.js';
import { kindsText } from '../../pipeline/core/wording.js';
import { defaultMissing } from '../../pipeline/config/data-schema.js';
import { readTextTable, type TextTable } from '../tables/text-table.js';
import { columnCells, typedTable, type LeftOut, type TypedTable } from '../tables/typed-table.js';
import type { TableFault } from '../tables/table-fault.js';
import type { TypedColumn } from '../tables/typed-column.js';
import { columnNote, numberText } from './column-notes.js';
import type { IdColumn } from './id-columns.js';
import { tableName } from './survey-table.js';

/** The declaration of one column in the experiment, with a comment. */
export interface ColumnDraft {
  readonly name: string;
  readonly kind: TypedColumn['kind'] | 'ignore' | { readonly nominal: readonly string[] };
  readonly note: string;
}

/** A table, as the experiment will declare it. */
export interface TableDraft {
  readonly file: string;
  readonly sheet: string | null;
  readonly id: string;
  readonly patients: number;
  /** Number of patients with a known outcome. */
  readonly matched: number;
  readonly columns: readonly ColumnDraft[];
  readonly others: 'infer' | 'numeric';
  /** Comment beside the key `others` in the experiment. `others` declares the columns that are not listed. */
  readonly othersNote: string;
  readonly scaler: 'zscore' | null;
  readonly topVariance: number | null;
  /** Number of columns that are inputs. */
  readonly inputs: number;
  /** Columns that reveal the outcome, with the reasons. */
  readonly leaks: readonly ColumnDraft[];
}

/** A table that does not become a modality. `left` is the reason. */
export interface LeftTable {
  readonly left: string;
}

/** Maximum number of columns that are declared one by one. */
const listed = 30;
const selectFrom = 2000;

/** What is known about the outcome when the tables that do not contain it are examined. */
export interface KnownOutcome {
  readonly labels: ReadonlyMap<string, 0 | 1>;
  /** Every patient of the outcome table, including those without a label. */
  readonly patients: ReadonlySet<string>;
  /** Columns of event and time of the chosen outcome. */
  readonly columns: readonly string[];
  /** Columns that are never inputs, such as other outcomes, times and splits, each with the reason. */
  readonly told: ReadonlyMap<string, string>;
}

/**
 * Reads a table as `up` does, and declares each column that `up` would refuse, or that reveals the outcome, as
 * ignored.
 */
export async function draftTable(
  path: string,
  { table, name: id }: IdColumn,
  outcome: KnownOutcome,
): Promise<TableDraft | LeftTable> {
  const { file, sheet } = table;
  const text = await readTextTable(path, {
    name: tableName(table),
    sheet,
    id: [id],
    missing: defaultMissing,
  });
  const [fault] = text.faults;
  if (fault !== undefined) return { left: faultText(fault) };
  const { columns: told, patients: known, labels } = outcome;
  const exclude = new Set([...told, ...outcome.told.keys()].filter((name) => text.columns.includes(name)));
  const { table: typed, left, faults } = typedTable(text, { columns: {}, others: 'infer' }, exclude);
  const matched = typed.patients.filter((patient) => known.has(patient)).length;
  if (known.size > 0 && 2 * matched < typed.patients.length)
    return {
      left: `only ${matched} of its ${typed.patients.length} ids are in the outcome table, such as "${typed.patients[0] ?? ''}"`,
    };
  const leaks = leaksOf('', typed, labels, told, []).map(({ column, because }): ColumnDraft => ({
    ...{ name: column, kind: 'ignore' },
    note: because,
  }));
  const dropped = [...left.flatMap((one) => leftDraft(one, outcome, faults)), ...leaks];
  const leaking = new Set(leaks.map(({ name }) => name));
  const inputs = typed.columns.filter(({ name }) => !leaking.has(name));
  if (inputs.length === 0)
    return {
      left: `no column is left as an input: ${dropped
        .slice(0, 4)
        .map(({ name, note }) => `"${name}" ${note}`)
        .join('; ')}`,
    };
  const base = { file, sheet, id, patients: typed.patients.length, matched, inputs: inputs.length, leaks };
  return { ...base, ...declared(typed, inputs, dropped, saysUnknown(text)) };
}

const faultText = ({ line, column, problem }: TableFault): string =>
  [line === null ? null : `line ${line}`, column === null ? null : `column "${column}"`, problem]
    .filter((part) => part !== null)
    .join(': ');

/** Whether a column contains the word "unknown". */
const saysUnknown =
  ({ columns, patients, written }: TextTable) =>
  (name: string): boolean => {
    const at = columns.indexOf(name);
    return patients.some((_, row) => /^unknown$/i.test(written(row, at)));
  };

type Declared = Pick<TableDraft, 'columns' | 'others' | 'othersNote' | 'scaler' | 'topVariance'>;

function declared(
  typed: TypedTable,
  inputs: readonly TypedColumn[],
  dropped: readonly ColumnDraft[],
  unknown: (column: string) => boolean,
): Declared {
  const numeric = inputs.every(
    ({ kind, categories }) => kind === 'numeric' || (kind === 'binary' && categories === undefined),
  );
  // Measured values are scaled to mean 0 (`zscore`). Counts and codes keep `tabular.scaler`. Its default `minmax` maps
  // a minimum of 0 to 0.
  const measured = typed.cells.some((cell) => !Number.isInteger(cell) && !Number.isNaN(cell));
  if (inputs.length + dropped.length <= listed) {
    const at = new Map(typed.columns.map((column, index) => [column, index]));
    const own = inputs.map((column): ColumnDraft => ({
      name: column.name,
      // The draft treats "unknown" as missing. `up` does the same in a column that is declared by its list of
      // categories. In a column that is declared as `nominal`, "unknown" would be a category.
      kind:
        column.kind === 'nominal' && unknown(column.name)
          ? { nominal: column.categories ?? [] }
          : column.kind,
      note: columnNote(column, columnCells(typed, at.get(column) ?? 0)),
    }));
    return {
      columns: [...own, ...dropped],
      ...{ others: 'infer', othersNote: 'columns that are not listed: "infer" decides by their values' },
      ...{ scaler: null, topVariance: null },
    };
  }
  return {
    columns: dropped,
    others: numeric ? 'numeric' : 'infer',
    othersNote: numeric ? rangeText(typed) : kindsText(inputs),
    scaler: numeric && measured ? 'zscore' : null,
    topVariance: numeric && inputs.length > selectFrom ? selectFrom : null,
  };
}

function rangeText({ columns, cells }: TypedTable): string {
  let [least, most, missing] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const cell of cells)
    if (Number.isNaN(cell)) missing++;
    else {
      if (cell < least) least = cell;
      if (cell > most) most = cell;
    }
  const share = ((100 * missing) / Math.max(1, cells.length)).toFixed(0);
  return `${columns.length} columns of numbers from ${numberText(least)} to ${numberText(most)}, ${share} % missing`;
}

const reasons: Readonly<Record<LeftOut['reason'], string>> = {
  declared: 'left out',
  outcome: 'tells the outcome',
  constant: 'has the same value in every row',
  missing: 'has no value',
  identifier: 'is different for every patient: an identifier?',
  date: 'holds dates; a model needs a number, such as an age or days since the diagnosis',
  'row number': 'counts the rows of the file',
  mixed: 'holds words among numbers',
};

function leftDraft(
  { column, reason }: LeftOut,
  { columns, told }: KnownOutcome,
  faults: readonly TableFault[],
): readonly ColumnDraft[] {
  const problem = reason === 'mixed' ? faults.find((fault) => fault.column === column)?.problem : undefined;
  const note =
    column === columns[0]
      ? 'the outcome'
      : columns.includes(column)
        ? 'the time of the outcome'
        : (told.get(column) ?? problem ?? reasons[reason]);
  return [{ name: column, kind: 'ignore', note }];
}
