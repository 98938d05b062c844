import { join } from 'node:path';
import { defaultMissing } from '../../pipeline/config/data-schema.js';
import { openGrid } from '../tables/open-grid.js';
import { sheetNames } from '../tables/xlsx-grid.js';
import { surveyTable, type SurveyTable } from './survey-table.js';

/** A file that is not a usable table, with the reason. */
export interface LeftFile {
  readonly file: string;
  readonly reason: string;
}

const endings = /\.(csv|tsv|txt|tab|xlsx|parquet)$/i;
/** Maximum number of tables in one folder. More are most likely lists of tiles, one per slide. */
const mostInFolder = 100;

/** Opens all tables in a folder. A workbook gives one table per sheet. */
export async function readTables(
  root: string,
  names: readonly string[],
): Promise<{ readonly tables: readonly SurveyTable[]; readonly left: readonly LeftFile[] }> {
  const files = names.filter((name) => endings.test(name));
  const left: LeftFile[] = [];
  const tables: SurveyTable[] = [];
  const perFolder = new Map<string, number>();
  for (const file of files) {
    const folder = file.slice(0, file.lastIndexOf('/') + 1);
    const count = (perFolder.get(folder) ?? 0) + 1;
    perFolder.set(folder, count);
    if (count > mostInFolder) continue;
    for (const opened of await sheetsOf(root, file))
      if ('reason' in opened) left.push(...(isNote(file) ? [] : [opened]));
      else tables.push(opened);
  }
  const many = [...perFolder].filter(([, count]) => count > mostInFolder);
  return {
    tables: tables.filter(({ file }) => !many.some(([folder]) => isIn(file, folder))),
    left: [
      ...left.filter(({ file }) => !many.some(([folder]) => isIn(file, folder))),
      ...many.map(([folder, count]) => ({
        file: `${folder}*`,
        reason: `${count} tables in one folder are not looked at`,
      })),
    ],
  };
}

/**
 * Whether a file may be a README. Users do not expect a README to be a table, so it is not reported if it cannot be
 * read as a table.
 */
const isNote = (file: string): boolean => /\.txt$/i.test(file);

const isIn = (file: string, folder: string): boolean =>
  file.startsWith(folder) && !file.slice(folder.length).includes('/');

async function sheetsOf(root: string, file: string): Promise<readonly (SurveyTable | LeftFile)[]> {
  const path = join(root, file);
  const sheets = /\.xlsx$/i.test(file) ? await sheetNames(path) : [];
  const wanted = sheets.length > 1 ? sheets : [null];
  const found: (SurveyTable | LeftFile)[] = [];
  for (const sheet of wanted) found.push(await open(path, file, sheet));
  return found;
}

async function open(path: string, file: string, sheet: string | null): Promise<SurveyTable | LeftFile> {
  const opened = await openGrid(path, { id: [], sheet });
  if ('problem' in opened) return { file, reason: opened.problem };
  const table = surveyTable(file, sheet, opened.grid, defaultMissing);
  // A text file of plain sentences looks like a table if its first line contains commas. But most of its other lines
  // have fewer cells.
  const fits = (row: number): boolean => opened.grid.width(row) >= table.columns.length;
  const even = [...Array(table.rows).keys()].filter(fits).length;
  if (table.columns.length < 2 || table.rows === 0 || (isNote(file) && 2 * even < table.rows))
    return { file, reason: 'it has no table of two columns and a row below the header' };
  return table;
}
