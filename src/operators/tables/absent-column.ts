import { nearest } from '../../pipeline/core/suggest.js';
import { quoted } from '../../pipeline/core/wording.js';
import type { TableFault } from './table-fault.js';
import type { TextTable } from './text-table.js';

const columnsNamed = 20;

/**
 * The fault of a column that the experiment names and the table lacks, with the most similar name.
 *
 * @param key - the key of the experiment that names the column; the message shows it. Null leaves it out.
 */
export function absentColumn(
  { file, columns }: Pick<TextTable, 'file' | 'columns'>,
  column: string,
  key: string | null = null,
): TableFault {
  const guess = nearest(column, columns);
  const hint =
    guess === null ? `found ${quoted(columns.slice(0, columnsNamed))}` : `did you mean "${guess}"?`;
  return {
    ...{ file, line: 1, column: null },
    problem: `no column "${column}"${key === null ? '' : ` (${key})`}; ${hint}`,
    ...(key === null ? {} : { key }),
  };
}
