import { daysPer, longestFollowUp, type timeUnits } from '../../pipeline/config/data-schema.js';
import type { IdColumn } from './id-columns.js';
import { endpoints } from './outcome-words.js';

/** A column that may hold the time to the event or to the last contact. */
export interface TimeCandidate {
  readonly column: string;
  readonly unit: TimeUnit;
  /** Whether the name says the unit. Otherwise the unit is guessed from the size of the numbers. */
  readonly named: boolean;
  /** The prefix that the name shares with the status column: `OS` of OS_MONTHS. Null for other names. */
  readonly prefix: string | null;
  readonly least: number;
  readonly most: number;
}
export type TimeUnit = (typeof timeUnits)[number];

const survival = new RegExp(`^(${endpoints})(?=$|[^a-z]|months?|days|years|time)`, 'i');
const times: readonly RegExp[] = [
  /follow[ _.-]?up/i,
  /(^|[^a-z])surviv\w*[ _.(-]*(time|days|weeks|months?|years|mo|yrs?)/i,
  /(days|weeks|months|years|time)[ _.-](to|until)[ _.-](death|last|event|recurrence|relapse|progression|censor)/i,
  /^(time|days|weeks|months|years|duration|survival|futime)$/i,
];
const units: readonly (readonly [RegExp, TimeUnit])[] = [
  [/day/i, 'days'],
  [/week/i, 'weeks'],
  [/month|(^|[^a-z])mos?([^a-z]|$)/i, 'months'],
  [/year|(^|[^a-z])yrs?([^a-z]|$)/i, 'years'],
];
/** Minimum fraction of known cells in a column of follow-up times. */
const leastKnown = 0.5;

/** The columns of a table that may hold times, by their names and values. */
export function timeCandidates({
  table,
  column: id,
}: Pick<IdColumn, 'table' | 'column'>): readonly TimeCandidate[] {
  return table.columns.flatMap((column, at): TimeCandidate[] => {
    const prefix = survival.exec(column)?.[1]?.toUpperCase() ?? null;
    const unitNamed = units.find(([pattern]) => pattern.test(column))?.[1];
    const bySurvival =
      prefix !== null && (unitNamed !== undefined || /time/i.test(column) || column.toUpperCase() === prefix);
    if (at === id || !(bySurvival || times.some((pattern) => pattern.test(column)))) return [];
    const texts = table.texts(at);
    const numbers = table.numbers(at).filter((value) => !Number.isNaN(value));
    const known = texts.filter((text) => text !== '').length;
    // A column of two values is a status and not a time. A column with a text among the numbers would make a run fail.
    if (numbers.length < known || known < leastKnown * table.rows || new Set(numbers).size <= 2) return [];
    const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
    const unit = unitNamed ?? guessed(most);
    return least < 0 || most * daysPer[unit] > longestFollowUp
      ? []
      : [{ column, unit, named: unitNamed !== undefined, prefix, least, most }];
  });
}

/**
 * Guesses the unit from the largest time: up to 40 is years, up to 400 is months, more is days. No patient is followed
 * for more than 40 years, and a longest follow-up of less than 40 months or 400 days is rare.
 */
const guessed = (most: number): TimeUnit => (most <= 40 ? 'years' : most <= 400 ? 'months' : 'days');

/**
 * Chooses the time column for an outcome by the prefix of the outcome. First choice: a column with the same prefix
 * (OS_STATUS, OS_MONTHS), or with prefix OS if the outcome has no prefix. Second choice: the first column without a
 * prefix. Null if there is none.
 */
export const timeFor = (prefix: string | null, times: readonly TimeCandidate[]): TimeCandidate | null =>
  times.find((time) => prefix !== null && time.prefix === prefix) ??
  times.find((time) => prefix === null && time.prefix === 'OS') ??
  times.find((time) => time.prefix === null) ??
  null;
