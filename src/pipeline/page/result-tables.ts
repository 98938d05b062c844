import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { TableData, TableEntry } from '../../page/wire.js';
import { writtenText } from '../core/csv.js';

/** The tables of a run directory, by file name without ending. Other files are not read. */
const titles: ReadonlyMap<string, string> = new Map([
  ['summary', 'Methods side by side'],
  ['comparisons', 'Comparisons of methods'],
  ['robustness', 'Missing modalities'],
  ['subgroups', 'Groups of patients'],
  ['characteristics', 'Characteristics of the cohort'],
  ['tiles', 'Slides and tiles'],
  ['problems', 'What was left out'],
  ['joins', 'How tables and files were joined'],
  ['columns', 'Columns'],
  ['files', 'Files'],
  ['trace', 'Where the time went'],
]);

/** Maximum number of rows that are sent to a browser. */
const mostRows = 50_000;

/** The tables that a run has. */
export const tablesOf = (directory: string): readonly TableEntry[] =>
  [...titles]
    .filter(([name]) => existsSync(join(directory, `${name}.csv`)))
    .map(([name, title]) => ({ name, title }));

/** A table of a run. Null if there is no table of this name. */
export async function tableOf(directory: string, name: string): Promise<TableData | null> {
  const path = join(directory, `${name}.csv`);
  if (!titles.has(name) || !existsSync(path)) return null;
  const [columns = [], ...rows] = parse(await readFile(path), { relax_column_count: true });
  return {
    columns,
    rows: rows.slice(0, mostRows).map((row) => row.map(writtenText)),
    more: Math.max(0, rows.length - mostRows),
  };
}
