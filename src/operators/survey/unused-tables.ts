import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { columnOfIds } from './id-columns.js';
import { readTables } from './read-tables.js';
import { tableName } from './survey-table.js';

/** A table that no modality uses, although a column of it holds ids of the outcome table. */
export interface UnusedTable {
  /** Path relative to the data folder, with the sheet of a workbook that has several. */
  readonly table: string;
  /** The column that holds the ids. */
  readonly column: string;
  /** Number of patients of the outcome table that it names. */
  readonly patients: number;
}

/**
 * The tables among files that no modality uses. A file that cannot be read is left out.
 *
 * @param names - the files, as paths relative to the data folder
 * @param known - ids of the outcome table; at least half of them, or of the ids of the table, must be the same
 */
export async function unusedTables(
  root: string,
  names: readonly string[],
  known: ReadonlySet<string>,
): Promise<readonly UnusedTable[]> {
  const { tables } = await readTables(
    root,
    names.filter((name) => isReadable(join(root, name))),
  );
  return tables.flatMap((table): UnusedTable[] => {
    const found = columnOfIds(table, known, null);
    if (found === null) return [];
    const patients = new Set(found.ids.filter((id) => known.has(id))).size;
    return [{ table: tableName(table), column: found.name, patients }];
  });
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
