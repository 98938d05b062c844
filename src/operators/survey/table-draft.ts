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

/** What the experiment says of one column, with a comment. */
export interface ColumnDraft {
  readonly name: string;
  readonly kind: TypedColumn['kind'] | 'ignore' | { readonly nominal: readonly string[] };
  readonly note: string;
}

/** A table as the experiment declares it. */
export interface TableDraft {
  readonly file: string;
  readonly sheet: string | null;
  readonly id: string;
  readonly patients: number;
  /** Patients with a known outcome. */
  readonly matched: number;
  readonly columns: readonly ColumnDraft[];
  readonly others: 'infer' | 'numeric';
  /** What `others` covers, as a comment. */
  readonly othersNote: string;
  readonly scaler: 'zscore' | null;
  readonly topVariance: number | null;
  /** Number of columns that are inputs. */
  readonly inputs: number;
  /** Columns that tell the outcome, with the reason. */
  readonly leaks: readonly ColumnDraft[];
}

/** A table that becomes no modality. */
export interface LeftTable {
  readonly left: string;
}

/** Tables of more columns are not listed column by column. */
const listed = 30;
const selectFrom = 2000;

/** What is known of the outcome when the other tables are looked at. */
export interface KnownOutcome {
  readonly labels: ReadonlyMap<string, 0 | 1>;
  /** Every patient of the outcome table, also without a label. */
  readonly patients: ReadonlySet<string>;
  /** Columns of event and time of the outcome that was taken. */
  readonly columns: readonly string[];
  /** Columns of any outcome, by table, which are never inputs. */
  readonly told: ReadonlyMap<string, string>;
}

/** Reads a table as `up` will, and declares each column that it would refuse, or that tells the outcome, as left out. */
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
      left: `only ${matched} of its ${typed.patients.length} ids stand in the outcome table, such as "${typed.patients[0] ?? ''}"`,
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

/** Whether a column holds the word "unknown". */
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
  // Counts and codes keep their zero; measured values get mean 0.
  const measured = typed.cells.some((cell) => !Number.isInteger(cell) && !Number.isNaN(cell));
  if (inputs.length + dropped.length <= listed) {
    const at = new Map(typed.columns.map((column, index) => [column, index]));
    const own = inputs.map((column): ColumnDraft => ({
      name: column.name,
      // Declared nominal, "unknown" would be a category; in the list it is missing, as it was read here.
      kind:
        column.kind === 'nominal' && unknown(column.name)
          ? { nominal: column.categories ?? [] }
          : column.kind,
      note: columnNote(column, columnCells(typed, at.get(column) ?? 0)),
    }));
    return {
      columns: [...own, ...dropped],
      ...{ others: 'infer', othersNote: 'columns that are not listed: look at their values' },
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
