import type { Summary, SummaryRow } from '../evaluation/summary-data.js';
import { paperResultOf } from '../paper/paper-results.js';

/** The rows of one table of the paper, or of none of them. */
export interface TableGroup {
  /** For example "Table 1". */
  readonly table: string;
  readonly about: string;
  readonly rows: readonly SummaryRow[];
  readonly skipped: Summary['skipped'];
}

const beyondPaper = 'Beyond the paper';
const about: Readonly<Record<string, string>> = {
  'Table 1': 'all methods',
  'Table 2': 'one clinical table alone',
  'Table 3': 'without detachment',
  [beyondPaper]: 'methods of this repository',
};

/** The rows of a run by the table of the paper they belong to, in the order of the tables; what it does not have comes last. */
export function tableGroups({ rows, skipped }: Summary): readonly TableGroup[] {
  const tableOf = (method: string): string => paperResultOf(method)?.table ?? beyondPaper;
  const tables = [...new Set([...rows, ...skipped].map(({ method }) => tableOf(method)))].sort(
    (a, b) => Number(a === beyondPaper) - Number(b === beyondPaper) || a.localeCompare(b, 'en'),
  );
  return tables.map((table) => ({
    table,
    about: about[table] ?? '',
    rows: rows.filter(({ method }) => tableOf(method) === table),
    skipped: skipped.filter(({ method }) => tableOf(method) === table),
  }));
}
