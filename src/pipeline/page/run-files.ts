import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { writtenText } from '../core/csv.js';

export type Row = Readonly<Record<string, string | undefined>>;

/** The rows of a table of a run, by column name. Empty if the file is missing. */
export function rowsIn(path: string): readonly Row[] {
  if (!existsSync(path)) return [];
  const rows: Record<string, string>[] = parse(readFileSync(path), {
    columns: true,
    relax_column_count: true,
  });
  for (const row of rows) for (const [name, cell] of Object.entries(row)) row[name] = writtenText(cell);
  return rows;
}

/** The file names in a folder of a run. Empty if the folder is missing. */
export const namesIn = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : []);
