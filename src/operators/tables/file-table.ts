import type { Problem } from '../../pipeline/core/problem.js';
import { counted, listed } from '../../pipeline/core/wording.js';
import { absentColumn } from './absent-column.js';
import { faultsError } from './table-fault.js';
import { readTextTable } from './text-table.js';

/** A row of a table that says which patient a file belongs to. */
export interface FileRow {
  readonly file: string;
  readonly patient: string;
  readonly line: number;
}

/** The rows that name a file, and a warning about the other rows. */
export interface FileTable {
  readonly rows: readonly FileRow[];
  readonly warnings: readonly Problem[];
}

/**
 * The rows of a table that says which patient a file belongs to.
 *
 * @throws HafError HAF_TABLE_INVALID for a table that cannot be read, or without the column of files
 */
export async function readFileTable(
  path: string,
  options: {
    readonly name: string;
    /** Name of the column of files. */
    readonly file: string;
    /** The key of the experiment that names this column. */
    readonly fileKey: string;
    readonly id: readonly string[];
    readonly idKey: string;
    readonly missing: readonly string[];
    readonly patientOf: (raw: string) => string | null;
  },
): Promise<FileTable> {
  const { file: column, fileKey, name } = options;
  const table = await readTextTable(path, { ...options, onePerPatient: false });
  if (table.faults.length > 0) throw faultsError(table.faults);
  const at = table.columns.indexOf(column);
  if (at < 0) throw faultsError([absentColumn(table, column, fileKey)]);
  const all = table.patients.map((patient, row) => ({
    ...{ file: table.text(row, at).normalize('NFC'), patient, line: table.lines[row] ?? 0 },
  }));
  const empty = all.filter(({ file }) => file === '');
  return {
    rows: all.filter(({ file }) => file !== ''),
    warnings: empty.length === 0 ? [] : [withoutFile(name, column, empty)],
  };
}

/** Maximum number of lines of the table that one warning names. */
const linesNamed = 20;

/** A warning of rows that name no file. A patient with only such a row has no bag, so the row must be reported. */
export const withoutFile = (
  table: string,
  column: string,
  rows: readonly { readonly line: number; readonly patient?: string }[],
): Problem => {
  const names = rows
    .slice(0, linesNamed)
    .map(({ line, patient }) => (patient === undefined ? `${line}` : `${line} (patient ${patient})`));
  const more = rows.length > linesNamed ? [counted(rows.length - linesNamed, 'more line')] : [];
  return {
    ...{ severity: 'warning', stage: 'embed', patient: null, file: table, place: column },
    reason: `${counted(rows.length, 'row')} without a file in column "${column}": line ${listed([...names, ...more])}.`,
    fix: 'Write the name of the file into the cell, or remove the row.',
  };
};
