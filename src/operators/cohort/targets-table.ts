import type { Problem } from '../../pipeline/core/problem.js';
import { readCsvTable } from './csv-table.js';
import { readNumber } from './read-number.js';
import type { Target } from './table-data.js';
import { inLineOrder, type TableFault } from './table-fault.js';

const statusColumn = 'survival_status';
const causeColumn = 'survival_status_with_cause';
const followUpColumn = 'days_to_last_information';

/** What `cohort.label: tumorSpecific` leaves out (method.md 1.3). */
export const notTumorSpecific = 'deceased not tumor specific';

/** Values of `survival_status_with_cause` and the `survival_status` each goes with (method.md 1.1). */
const statusOfCause = new Map([
  ['living', 'living'],
  ['deceased', 'deceased'],
  ['deceased tumor specific', 'deceased'],
  [notTumorSpecific, 'deceased'],
]);
const statuses = [...new Set(statusOfCause.values())];
const quoted = (values: Iterable<string>): string => [...values].map((value) => `"${value}"`).join(', ');

export interface TargetsTable {
  readonly targets: readonly Target[];
  readonly faults: readonly TableFault[];
  readonly problems: readonly Problem[];
}

/** Reads the outcome table (method.md 1.1); every row must say whether the patient lives, and how one died. */
export function readTargetsTable(file: string, text: string): TargetsTable {
  const csv = readCsvTable(file, text);
  const faults = [...csv.faults];
  const [statusAt, causeAt, followUpAt] = [statusColumn, causeColumn, followUpColumn].map((name) =>
    csv.columns.indexOf(name),
  ) as [number, number, number];
  if (csv.columns.length > 0)
    for (const [at, column] of [[statusAt, statusColumn] as const, [causeAt, causeColumn] as const])
      if (at < 0)
        faults.push({
          file,
          line: 1,
          column: null,
          problem: `no column "${column}"; found ${quoted(csv.columns)}`,
        });
  if (statusAt < 0 || causeAt < 0) return { targets: [], faults, problems: [] };

  const targets = csv.rows.map(({ line, patient, cells }): Target => {
    const status = cells[statusAt] ?? '';
    const cause = cells[causeAt] ?? '';
    const followUp = cells[followUpAt] ?? '';
    const followUpDays = readNumber(followUp);
    const fault = (column: string, problem: string): unknown => faults.push({ file, line, column, problem });
    if (!statuses.includes(status)) fault(statusColumn, `"${status}" is none of ${quoted(statuses)}`);
    if (!statusOfCause.has(cause))
      fault(causeColumn, `"${cause}" is none of ${quoted(statusOfCause.keys())}`);
    else if (statuses.includes(status) && statusOfCause.get(cause) !== status)
      fault(causeColumn, `"${cause}" contradicts ${statusColumn} "${status}"`);
    if (Number.isNaN(followUpDays)) fault(followUpColumn, `"${followUp}" is not a number`);
    return { patient, deceased: status === 'deceased', cause, followUpDays };
  });
  return { targets, faults: inLineOrder(faults), problems: followUpAt < 0 ? [noFollowUp(file)] : [] };
}

const noFollowUp = (file: string): Problem => ({
  severity: 'warning',
  stage: 'tables',
  patient: null,
  file,
  place: followUpColumn,
  reason: `Column "${followUpColumn}" is not in the file; follow-up times stay unknown.`,
  fix: 'Add the column (days) if the data has it; of the labels only cohort.label: landmark needs it.',
});
