import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { columnOfIds } from './id-columns.js';
import { readTables } from './read-tables.js';
import { type SurveyTable, tableName } from './survey-table.js';

/** A table that no modality uses, although a column of it holds ids of the outcome table. */
export interface UnusedTable {
  /** Path relative to the data folder, with the sheet of a workbook that has several. */
  readonly table: string;
  /** The column that holds the ids. */
  readonly column: string;
  /** Number of patients of the outcome table whose ids are in this column. */
  readonly patients: number;
}

/** A table that the experiment uses. `sheet` is the sheet that the experiment declares, or null. */
export type UsedTable = Pick<SurveyTable, 'file' | 'sheet'>;

/**
 * The tables in files that the experiment does not use, and the unused sheets of the workbooks that it uses. A file
 * that cannot be read is left out.
 *
 * @param names - the files that are not used, as paths relative to the data folder
 * @param known - ids of the outcome table; a listed table has at least half of them, or at least half of its own ids
 * are among them
 */
export async function unusedTables(
  root: string,
  names: readonly string[],
  used: readonly UsedTable[],
  known: ReadonlySet<string>,
): Promise<readonly UnusedTable[]> {
  const workbooks = new Set(used.filter(({ sheet }) => sheet !== null).map(({ file }) => file));
  const { tables } = await readTables(
    root,
    [...names, ...workbooks].filter((name) => isReadable(join(root, name))),
  );
  // If a workbook has a single sheet, `table.sheet` is null, even if the experiment names the sheet.
  const isUsed = (table: SurveyTable): boolean =>
    used.some(({ file, sheet }) => file === table.file && [null, sheet].includes(table.sheet));
  return tables.flatMap((table): UnusedTable[] => {
    if (isUsed(table)) return [];
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
