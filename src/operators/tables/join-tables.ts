import type { TableFault } from './table-fault.js';
import { collapsed } from './collapse-faults.js';
import type { TypedTable } from './typed-table.js';

/** One of the files of a table modality. */
export interface TableOfFile {
  readonly file: string;
  readonly table: TypedTable;
}

/**
 * Joins the files of one table modality by patient. Columns: those of all files, in the order of the files. Patients: those of the
 * first file, then those that only later files have. If a file lacks a patient, the patient's cells of this file are missing. A
 * column name in two files is a fault.
 */
export function joinTables(parts: readonly TableOfFile[]): {
  table: TypedTable;
  faults: readonly TableFault[];
} {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return { table: first.table, faults: [] };
  const rowOf = new Map<string, number>();
  for (const { table } of parts)
    for (const patient of table.patients) if (!rowOf.has(patient)) rowOf.set(patient, rowOf.size);
  const columns = parts.flatMap(({ table }) => table.columns);
  const cells = new Float64Array(rowOf.size * columns.length).fill(NaN);
  let offset = 0;
  for (const { table } of parts) {
    const width = table.columns.length;
    table.patients.forEach((patient, row) => {
      const to = (rowOf.get(patient) ?? 0) * columns.length + offset;
      cells.set(table.cells.subarray(row * width, (row + 1) * width), to);
    });
    offset += width;
  }
  return { table: { columns, patients: [...rowOf.keys()], cells }, faults: repeatedColumns(parts) };
}

function repeatedColumns(parts: readonly TableOfFile[]): readonly TableFault[] {
  const fileOf = new Map<string, string>();
  const faults: TableFault[] = [];
  for (const { file, table } of parts)
    for (const { name } of table.columns) {
      const earlier = fileOf.get(name);
      if (earlier === undefined) fileOf.set(name, file);
      else
        faults.push({
          ...{ file, line: null, column: name },
          problem: `the column is in ${earlier}, too: rename one, or declare it "ignore"`,
        });
    }
  return collapsed(faults, 'columns');
}
