import { paperResultOf } from './paper-results.js';

/** The rows of one table of the paper, or of no table. */
export interface PaperTable<T> {
  /** For example "Table 1: all methods". */
  readonly title: string;
  readonly rows: readonly T[];
}

const beyondPaper = 'Beyond the paper';
const about: Readonly<Record<string, string>> = {
  'Table 1': 'all methods',
  'Table 2': 'one clinical table alone',
  'Table 3': 'without detachment',
  [beyondPaper]: 'methods of this repository',
};

/**
 * Rows grouped by the table of the paper that has their method, in the order of the tables. Methods that the paper lacks come last.
 */
export function paperTables<T extends { readonly method: string }>(
  rows: readonly T[],
): readonly PaperTable<T>[] {
  const tableOf = ({ method }: T): string => paperResultOf(method)?.table ?? beyondPaper;
  const tables = [...new Set(rows.map(tableOf))].sort(
    (a, b) => Number(a === beyondPaper) - Number(b === beyondPaper) || a.localeCompare(b, 'en'),
  );
  return tables.map((table) => ({
    title: `${table}: ${about[table] ?? ''}`,
    rows: rows.filter((row) => tableOf(row) === table),
  }));
}
