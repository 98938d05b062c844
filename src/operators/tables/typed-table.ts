import type { Problem } from '../../pipeline/core/problem.js';
import { grouped } from '../../pipeline/core/grouped.js';
import { nearest } from '../../pipeline/core/suggest.js';
import type { TableFault } from './table-fault.js';
import { collapsed } from './collapse-faults.js';
import { fillCells, withoutColumns } from './fill-cells.js';
import { settleColumn } from './settle-column.js';
import { sentinelsAmongWords, sentinelsIn } from './sentinels.js';
import { tableWarnings } from './table-warnings.js';
import type { TextTable } from './text-table.js';
import type {
  ColumnDeclaration,
  ColumnView,
  LeftOutReason,
  TableDeclaration,
  TypedColumn,
} from './typed-column.js';

/**
 * A table as numbers, one row per patient, before imputation and scaling. The inputs of all models are computed from
 * these tables.
 */
export interface TypedTable {
  readonly columns: readonly TypedColumn[];
  readonly patients: readonly string[];
  /** Row-major [patients, columns], float64. NaN is a missing cell. */
  readonly cells: Float64Array;
}

/** The cells of one column, in some rows or in all. */
export function columnCells(
  {
    columns: { length: stride },
    cells,
    patients,
  }: Pick<TypedTable, 'cells' | 'patients'> & {
    readonly columns: { readonly length: number };
  },
  column: number,
  rows?: readonly number[],
): Float64Array {
  const own = new Float64Array(rows?.length ?? patients.length);
  for (let at = 0; at < own.length; at++) own[at] = cells[(rows?.[at] ?? at) * stride + column] as number;
  return own;
}

/** A column of the file that is no input. */
export interface LeftOut {
  readonly column: string;
  readonly reason: LeftOutReason;
}

export interface TypedResult {
  readonly table: TypedTable;
  /** Columns that are no input, in file order. */
  readonly left: readonly LeftOut[];
  /** Any of these faults ends the run. */
  readonly faults: readonly TableFault[];
  readonly problems: readonly Problem[];
}

/**
 * Gives every column its declared or inferred kind and converts its cells to numbers. A column is an input unless it is declared
 * `ignore`, belongs to the outcome, or has fewer than two values.
 *
 * Memory: 8 bytes per cell; the texts of one column at a time.
 *
 * @param exclude - columns of the outcome, which are never inputs
 */
export function typedTable(
  text: TextTable,
  declaration: TableDeclaration,
  exclude: ReadonlySet<string> = new Set(),
): TypedResult {
  // Without rows nothing can be converted. The faults of `text` already explain why there are no rows.
  if (text.patients.length === 0)
    return {
      table: { columns: [], patients: [], cells: new Float64Array(0) },
      left: [],
      faults: [],
      problems: [],
    };
  const left: LeftOut[] = [];
  const faults: TableFault[] = [...declarationFaults(text, declaration, exclude)];
  const used = text.columns.flatMap((name, at) => {
    const declared = declarationOf(declaration, name);
    const reason = exclude.has(name) ? 'outcome' : declared === 'ignore' ? 'declared' : null;
    if (reason === null) return [{ name, at, declared }];
    left.push({ column: name, reason });
    return [];
  });
  const filled = fillCells(
    text,
    Int32Array.from(used, ({ at }) => at),
  );
  const rows = text.patients.length;
  const numbers = new Float64Array(rows);
  const columns: TypedColumn[] = [];
  const kept = new Uint8Array(used.length);
  const warnings = tableWarnings(text.file, text.notes);
  const refusals: (readonly [kind: string, fault: TableFault])[] = [];
  used.forEach(({ name, at, declared }, index) => {
    for (let row = 0; row < rows; row++) numbers[row] = filled.cells[row * used.length + index] as number;
    const view: ColumnView = {
      ...{ name, numbers, texts: filled.texts[index] ?? 0, named: Object.hasOwn(declaration.columns, name) },
      words: oncePerColumn(() => columnTexts(rows, at, text.text)),
      written: oncePerColumn(() => columnTexts(rows, at, text.written)),
      line: (row) => text.lines[row] ?? 0,
    };
    const settled = settleColumn(view, declared, declaration.keepConstant ?? false);
    if (settled.type === 'fault') {
      left.push({ column: name, reason: settled.reason });
      const same = `${settled.reason} ${view.named}`;
      const fault = { file: text.file, line: settled.line, column: name, problem: settled.problem };
      refusals.push([same, fault]);
    } else if (settled.type === 'left') {
      left.push({ column: name, reason: settled.reason });
      warnings.leftOut(name, settled.reason);
    } else {
      columns.push(settled.column);
      kept[index] = 1;
      if (settled.warning !== undefined) warnings.column(name, settled.warning);
      // If the experiment lists the values of a column, their meaning is known, so codes for "missing" are not searched.
      if (typeof declared !== 'object')
        warnings.sentinels(name, view.texts === 0 ? sentinelsIn(numbers) : sentinelsAmongWords(numbers));
      settled.cells?.forEach((value, row) => (filled.cells[row * used.length + index] = value));
    }
  });
  for (const same of grouped(refusals).values()) faults.push(...collapsed(same, 'columns'));
  if (columns.length === 0 && faults.length === 0)
    faults.push({ file: text.file, line: null, column: null, problem: noInput(left) });
  return {
    table: { columns, patients: text.patients, cells: withoutColumns(filled.cells, kept, rows) },
    ...{ left: inFileOrder(left, text.columns), faults, problems: warnings.problems() },
  };
}

const declarationOf = ({ columns, others }: TableDeclaration, name: string): ColumnDeclaration =>
  Object.hasOwn(columns, name) ? (columns[name] ?? others) : others;

/** Faults of declared columns that are missing, and of columns of the outcome that are declared as inputs. */
function declarationFaults(
  { file, columns, idColumn }: TextTable,
  declaration: TableDeclaration,
  exclude: ReadonlySet<string>,
): TableFault[] {
  const present = new Set(columns);
  return Object.entries(declaration.columns).flatMap(([name, declared]): TableFault[] => {
    const fault = (problem: string): TableFault[] => [{ file, line: null, column: name, problem }];
    if (name === idColumn) return fault('the column holds the ids of the patients and cannot be an input');
    if (!present.has(name)) {
      const close = nearest(name, columns);
      return fault(
        `the declared column is not in the file${close === null ? '' : `; the closest is "${close}"`}`,
      );
    }
    return exclude.has(name) && declared !== 'ignore'
      ? fault('the column is part of the outcome and cannot be an input: remove it from "columns"')
      : [];
  });
}

function noInput(left: readonly LeftOut[]): string {
  const reasons = left.slice(0, 5).map(({ column, reason }) => `"${column}" (${reason})`);
  return `no column is left as an input: ${reasons.join(', ')}${left.length > 5 ? ' ...' : ''}`;
}

function inFileOrder(left: readonly LeftOut[], columns: readonly string[]): readonly LeftOut[] {
  const at = new Map(columns.map((name, index) => [name, index]));
  return [...left].sort((a, b) => (at.get(a.column) ?? 0) - (at.get(b.column) ?? 0));
}

function columnTexts(rows: number, column: number, of: TextTable['text']): readonly string[] {
  const texts = new Array<string>(rows);
  for (let row = 0; row < rows; row++) texts[row] = of(row, column);
  return texts;
}

function oncePerColumn<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
