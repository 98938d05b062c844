import { hancockCause } from '../../pipeline/config/cohorts/hancock.js';
import { quoted } from '../../pipeline/core/wording.js';
import type { TableFault } from '../tables/table-fault.js';
import type { TextTable } from '../tables/text-table.js';

/** Values of `survival_status_with_cause`, each with its value of `survival_status` (method.md 1.1). */
const statusOfCause = new Map([
  ['living', 'living'],
  ['deceased', 'deceased'],
  ['deceased tumor specific', 'deceased'],
  [hancockCause.notTumorSpecific, 'deceased'],
]);
const statuses = [...new Set(statusOfCause.values())];

/**
 * How HANCOCK's patients died. Every row must say whether the patient lives and, consistently, the cause of death.
 */
export function hancockCauses(table: TextTable): {
  readonly of: (row: number) => string | null;
  readonly faults: readonly TableFault[];
} {
  const { column: causeColumn, status: statusColumn } = hancockCause;
  const [statusAt, causeAt] = [statusColumn, causeColumn].map((column) => table.columns.indexOf(column)) as [
    number,
    number,
  ];
  if (statusAt < 0 || causeAt < 0) {
    const absent = statusAt < 0 ? statusColumn : causeColumn;
    const problem = `no column "${absent}"; found ${quoted(table.columns)}`;
    return { of: () => null, faults: [{ file: table.file, line: 1, column: null, problem }] };
  }
  const faults: TableFault[] = [];
  table.patients.forEach((_, row) => {
    const [status, cause] = [table.text(row, statusAt), table.text(row, causeAt)];
    const fault = (column: string, problem: string): unknown =>
      faults.push({ file: table.file, line: table.lines[row] ?? null, column, problem });
    if (!statuses.includes(status)) fault(statusColumn, `"${status}" is none of ${quoted(statuses)}`);
    if (!statusOfCause.has(cause))
      fault(causeColumn, `"${cause}" is none of ${quoted(statusOfCause.keys())}`);
    else if (statuses.includes(status) && statusOfCause.get(cause) !== status)
      fault(causeColumn, `"${cause}" contradicts ${statusColumn} "${status}"`);
  });
  return { of: (row) => table.text(row, causeAt), faults };
}
