import { daysPer, longestFollowUp } from '../../pipeline/config/data-schema.js';
import type { Config } from '../../pipeline/config/schema.js';
import { grouped } from '../../pipeline/core/grouped.js';
import { nearest } from '../../pipeline/core/suggest.js';
import { idColumnOf, idRuleOf } from '../../pipeline/core/naming.js';
import type { Problem } from '../../pipeline/core/problem.js';
import { counted, quoted } from '../../pipeline/core/wording.js';
import { absentColumn } from '../tables/absent-column.js';
import { sentinelsIn } from '../tables/sentinels.js';
import { inLineOrder, type TableFault } from '../tables/table-fault.js';
import { readTextTable, type TextTable } from '../tables/text-table.js';
import type { OutcomeWords } from './cohort-data.js';
import { hancockCauses } from './hancock-causes.js';
import type { Labelled } from './outcome-data.js';
import { isNumber, wordsOf } from './outcome-words.js';
import { doubtfulUnits } from './time-units.js';

export interface ReadOutcome {
  readonly words: OutcomeWords;
  readonly patients: readonly Labelled[];
  /**
   * Values of the outcome column that are neither positive nor negative, each with its number of patients:
   * `"Dead" (9)`.
   */
  readonly others: readonly string[];
  /** Patients in rows whose outcome is neither positive nor negative, or missing. */
  readonly unlabelled: readonly string[];
  /** The ids of all rows, as the file writes them. */
  readonly writtenIds: readonly string[];
  readonly faults: readonly TableFault[];
  readonly problems: readonly Problem[];
}

type OutcomeKeys = Pick<Config['data'], 'layout' | 'patients' | 'outcome'>;

/**
 * Reads the outcome of every patient (method.md 1.1, docs/own-cohort.md): the event by the values that the experiment
 * declares as positive and negative, and the time in days. A patient with another value is left out and listed. With
 * HANCOCK's layout such a value is a fault.
 */
export async function readOutcome(
  { name, path }: { readonly name: string; readonly path: string },
  { layout, patients, outcome }: OutcomeKeys,
): Promise<ReadOutcome> {
  const table = await readTextTable(path, {
    ...{ name, ...idColumnOf(patients), missing: patients.missing, sheet: outcome.sheet },
    patientOf: idRuleOf(layout),
  });
  const { event, time } = outcome;
  if (event === null) throw new Error('The experiment declares no outcome');
  const words = wordsOf(event);
  const { writtenIds } = table;
  const nothing = { words, writtenIds, patients: [], unlabelled: [], others: [], problems: [] };
  const [eventAt, timeAt] = [event.column, time?.column ?? ''].map((column) =>
    table.columns.indexOf(column),
  ) as [number, number];
  if (table.faults.length > 0) return { ...nothing, faults: table.faults };
  if (eventAt < 0)
    return { ...nothing, faults: [absentColumn(table, event.column, 'data.outcome.event.column')] };

  const faults: TableFault[] = [];
  const problems: Problem[] = [];
  const causes = layout === 'hancock' ? hancockCauses(table) : null;
  faults.push(...(causes?.faults ?? []));
  const labelled: Labelled[] = [];
  const unlabelled: (readonly [value: string, id: string])[] = [];
  table.patients.forEach((id, row) => {
    const value = table.text(row, eventAt);
    const y = labelOf(event, value);
    if (y === null) unlabelled.push([value, id]);
    else labelled.push({ id, y, cause: causes?.of(row) ?? null, followUpDays: followUp(row, id) });
  });
  const others = grouped(unlabelled);
  if (layout === 'own') {
    if (labelled.length === 0) faults.push(noneFits(table, event, others));
    else faults.push(...respelled(table, event, others));
    problems.push(
      ...[...others].flatMap(([value, ids]) => ids.map((id) => leftOut(table.file, event.column, value, id))),
    );
  }
  if (time !== null && timeAt < 0) {
    // Time-to-event cannot be trained without follow-up times, so their absence is a fault. For a binary outcome it is
    // a warning.
    if (outcome.kind === 'timeToEvent')
      faults.push(absentColumn(table, time.column, 'data.outcome.time.column'));
    else problems.push(noTime(table, time.column));
  }
  if (time !== null && timeAt >= 0) {
    const times = Float64Array.from(table.patients, (_, row) => table.number(row, timeAt));
    problems.push(...codesForUnknown(table, times, time));
    problems.push(...doubtfulUnits({ file: table.file, column: time.column, unit: time.unit }, times));
  }
  return {
    words,
    writtenIds,
    patients: labelled,
    unlabelled: unlabelled.map(([, id]) => id),
    others: withCounts(others),
    faults: inLineOrder(faults),
    problems,
  };

  /** Days of follow-up. A cell that is no number is a fault. An impossible time is a problem and counts as unknown. */
  function followUp(row: number, id: string): number | null {
    if (time === null || timeAt < 0) return null;
    const text = table.text(row, timeAt);
    if (text === '') return null;
    const value = table.number(row, timeAt);
    if (Number.isNaN(value)) {
      const problem = `"${text}" is not a number`;
      faults.push({ file: table.file, line: table.lines[row] ?? null, column: time.column, problem });
      return null;
    }
    const days = value * daysPer[time.unit];
    if (days >= 0 && days <= longestFollowUp) return days;
    problems.push({
      ...{ severity: 'warning', stage: 'outcome', patient: id, file: table.file },
      place: `line ${table.lines[row] ?? 0}, ${time.column}`,
      reason: `A follow-up of ${text} ${time.unit} is impossible; the time counts as unknown.`,
      fix: 'Correct the cell or data.outcome.time.unit; leave the cell empty if the time is unknown.',
    });
    return null;
  }
}

type Event = NonNullable<Config['data']['outcome']['event']>;
type Time = NonNullable<Config['data']['outcome']['time']>;

/** Whether a list of values contains a value. `1`, `1.0` and `01` are the same number. */
const isAmong = (values: readonly string[], value: string): boolean =>
  values.some((one) => one === value || (isNumber(one) && isNumber(value) && Number(one) === Number(value)));

function labelOf({ positive, negative }: Event, value: string): 0 | 1 | null {
  if (isAmong(positive, value)) return 1;
  return isAmong(negative, value) ? 0 : null;
}

const withCounts = (others: ReadonlyMap<string, readonly string[]>): readonly string[] =>
  [...others].slice(0, 8).map(([value, ids]) => `"${value}" (${ids.length})`);

function noneFits(
  { file }: TextTable,
  { column, positive, negative }: Event,
  others: ReadonlyMap<string, readonly string[]>,
): TableFault {
  const found = withCounts(others);
  return {
    ...{ file, line: null, column },
    problem: `no value is positive (${quoted(positive)}) or negative (${quoted(negative)}); the column holds ${found.join(', ')}. Correct data.outcome.event`,
  };
}

/**
 * Values that differ from a listed value only in upper and lower case, such as `Dead` and `dead`. Without this check,
 * all patients with the other spelling would be left out.
 */
const respelled = (
  { file }: TextTable,
  { column, positive, negative }: Event,
  others: ReadonlyMap<string, readonly string[]>,
): readonly TableFault[] =>
  [...others].flatMap(([value, ids]) => {
    const like = [...positive, ...negative].find((one) => one.toLowerCase() === value.toLowerCase());
    if (value === '' || like === undefined) return [];
    const key = positive.includes(like) ? 'positive' : 'negative';
    const problem = `"${value}" (${counted(ids.length, 'patient')}) differs from "${like}" in upper and lower case only. Correct the cells, or add it to data.outcome.event.${key}`;
    return [{ file, line: null, column, problem }];
  });

const leftOut = (file: string, column: string, value: string, patient: string): Problem => ({
  ...{ severity: 'info', stage: 'outcome', patient, file, place: column },
  reason:
    value === ''
      ? 'The outcome is missing, so the patient is left out.'
      : `The outcome "${value}" is neither positive nor negative, so the patient is left out.`,
  fix: 'Add the value to data.outcome.event.positive or negative if it says the outcome.',
});

/**
 * Times that look like a code for "unknown". Impossible times are not included, because they are reported for each
 * patient.
 */
function codesForUnknown(table: TextTable, times: Float64Array, { column, unit }: Time): readonly Problem[] {
  return sentinelsIn(times).flatMap(({ value, count }) =>
    value < 0 || value * daysPer[unit] > longestFollowUp
      ? []
      : [
          {
            ...{ severity: 'warning', stage: 'outcome', patient: null, file: table.file, place: column },
            reason: `The time ${value} is in ${counted(count, 'row')} and above all others: is it a code for "unknown"? It is used as a time.`,
            fix: `Add "${value}" to data.patients.missing if it means "unknown".`,
          },
        ],
  );
}

function noTime({ file, columns }: TextTable, column: string): Problem {
  const guess = nearest(column, columns);
  return {
    ...{ severity: 'warning', stage: 'outcome', patient: null, file, place: column },
    reason: `Column "${column}" is not in the file; follow-up times stay unknown.`,
    fix: `${guess === null ? 'Add the column' : `Did you mean "${guess}"? Add the column`} if the data has it. Only the label cohort.label: landmark needs it.`,
  };
}
