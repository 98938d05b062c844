import { absentColumn } from './absent-column.js';
import { faultsError } from './table-fault.js';
import { readTextTable } from './text-table.js';

/** A row of a table of files. */
export interface FileRow {
  readonly file: string;
  readonly patient: string;
  readonly line: number;
}

/**
 * The rows of a table that says which file belongs to which patient; rows without a file are left out.
 *
 * @throws HafError HAF_TABLE_INVALID for a table that cannot be read, or without the column of files
 */
export async function readFileTable(
  path: string,
  options: {
    readonly name: string;
    /** Name of the column of files. */
    readonly file: string;
    readonly id: readonly string[];
    readonly missing: readonly string[];
    readonly patientOf: (raw: string) => string | null;
  },
): Promise<readonly FileRow[]> {
  const { file: column } = options;
  const table = await readTextTable(path, { ...options, onePerPatient: false });
  if (table.faults.length > 0) throw faultsError(table.faults);
  const at = table.columns.indexOf(column);
  if (at < 0) throw faultsError([absentColumn(table, column)]);
  return table.patients.flatMap((patient, row) => {
    const file = table.text(row, at).normalize('NFC');
    return file === '' ? [] : [{ file, patient, line: table.lines[row] ?? 0 }];
  });
}
