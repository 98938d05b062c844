import type { TableModality } from '../../pipeline/core/modality.js';
import type { Problem } from '../../pipeline/core/problem.js';
import { tableDictionaries, type ColumnKind } from './column-kinds.js';
import { readCsvTable } from './csv-table.js';
import { readNumber } from './read-number.js';
import type { Column, Table } from './table-data.js';
import { inLineOrder, type TableFault } from './table-fault.js';

export interface FeatureTable {
  readonly table: Table;
  readonly faults: readonly TableFault[];
  readonly problems: readonly Problem[];
}

/** Why a number cannot stand in a column of this kind, or null. */
function misfit(kind: ColumnKind, value: number): string | null {
  if (kind === 'binary' && value !== 0 && value !== 1) return `${value} where only 0 and 1 can stand`;
  if (kind === 'nominal' && !Number.isInteger(value)) return `${value} is not a whole-number code`;
  return null;
}

/**
 * Reads one clinical table: numbers or empty cells, columns in file order with the kinds of method.md 2.2. The
 * codes of a nominal column are those of the whole file, so the one-hot layout is the same in all folds (2.3).
 */
export function readFeatureTable(modality: TableModality, file: string, text: string): FeatureTable {
  const csv = readCsvTable(file, text);
  const faults = [...csv.faults];
  const kinds = csv.columns.map((name) => kindOf(modality, name) ?? 'numeric');
  const rows = csv.rows.map(({ line, patient, cells }) => ({
    patient,
    cells: cells.map((cell, at) => {
      const value = readNumber(cell);
      const kind = kinds[at] ?? 'numeric';
      const problem =
        value === null ? null : Number.isNaN(value) ? `"${cell}" is not a number` : misfit(kind, value);
      if (problem !== null) faults.push({ file, line, column: csv.columns[at] ?? null, problem });
      return value;
    }),
  }));
  const columns = csv.columns.map((name, at): Column => {
    const kind = kinds[at] ?? 'numeric';
    return kind === 'nominal' ? { name, kind, codes: codesOf(rows, at) } : { name, kind };
  });
  // Without a readable header every column would be reported as absent on top of the fault itself.
  const problems = csv.columns.length === 0 ? [] : columnProblems(modality, file, csv.columns);
  return { table: { columns, rows }, faults: inLineOrder(faults), problems };
}

const kindOf = (modality: TableModality, column: string): ColumnKind | undefined => {
  const dictionary = tableDictionaries[modality];
  if (dictionary.type === 'allNumeric') return 'numeric';
  return Object.hasOwn(dictionary.kinds, column) ? dictionary.kinds[column] : undefined;
};

function codesOf(rows: Table['rows'], at: number): number[] {
  const codes = new Set(rows.map(({ cells }) => cells[at] ?? null).filter((cell) => cell !== null));
  return [...codes].sort((a, b) => a - b);
}

/** Columns the dictionary does not know, and columns of it that the file lacks. */
function columnProblems(modality: TableModality, file: string, present: readonly string[]): Problem[] {
  const dictionary = tableDictionaries[modality];
  const base = { stage: 'tables', patient: null, file };
  if (dictionary.type === 'allNumeric') {
    const { columns } = dictionary;
    if (present.length === columns) return [];
    const reason = `${modality} has ${present.length} columns where HANCOCK has ${columns}; all of them are used.`;
    return [
      { ...base, severity: 'warning', place: null, reason, fix: 'Check that no column was lost or added.' },
    ];
  }
  const unknown = present.filter((name) => kindOf(modality, name) === undefined);
  const absent = Object.keys(dictionary.kinds).filter((name) => !present.includes(name));
  return [
    ...unknown.map((name): Problem => ({
      ...base,
      severity: 'warning',
      place: name,
      reason: `Column "${name}" is not one of the known ${modality} columns; it is used as a number.`,
      fix: 'Remove it from the file if it is no feature; one-hot encode it there if it holds nominal codes.',
    })),
    ...absent.map((name): Problem => ({
      ...base,
      severity: 'warning',
      place: name,
      reason: `Column "${name}" of ${modality} is not in the file; the table is used without it.`,
      fix: 'Add the column, or compare its spelling, if the data has it.',
    })),
  ];
}
