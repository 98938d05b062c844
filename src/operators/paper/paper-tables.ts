import { paperResultOf } from './paper-results.js';

/** Rows of methods that are in one table of the paper, or rows of methods that the paper lacks. */
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
 * Groups rows by the table of the paper that has their method. Groups are in the order of these tables. The group of
 * methods that the paper lacks comes last.
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
