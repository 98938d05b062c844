import type { timeUnits } from '../../pipeline/config/data-schema.js';
import type { Problem } from '../../pipeline/core/problem.js';
import { counted } from '../../pipeline/core/wording.js';

type TimeUnit = (typeof timeUnits)[number];

/** The column of the times, and the unit that the experiment declares. */
export interface DeclaredTimes {
  readonly file: string;
  readonly column: string;
  readonly unit: TimeUnit;
}

/**
 * If the times of one group are at least this many times as long as those of the other group, two units are more likely
 * than two courses of a disease.
 */
const farApart = 10;
/** Minimum number of times in a group. A smaller group is not reported: its patients may have died early. */
const leastGroup = 3;
/** Minimum size of a group, as a fraction of all times above 0. */
const leastShare = 0.1;

const words: readonly (readonly [RegExp, TimeUnit])[] = [
  [/^days?$/, 'days'],
  [/^(weeks?|wks?)$/, 'weeks'],
  [/^months?$|^mos?$/, 'months'],
  [/^(years?|yrs?)$/, 'years'],
];

/** The units in the name of a column: `OS_months`, `survivalYears`. */
function unitsIn(column: string): readonly TimeUnit[] {
  const parts = column
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/);
  return words.filter(([pattern]) => parts.some((part) => pattern.test(part))).map(([, unit]) => unit);
}

/**
 * Signs that times have another unit than the experiment declares, or that one column has two units, as in tables
 * joined from two hospitals. They are warnings, because numbers alone cannot prove a unit.
 *
 * @param times of all patients, as the column has them; NaN if unknown
 */
export function doubtfulUnits(
  { file, column, unit }: DeclaredTimes,
  times: Float64Array,
): readonly Problem[] {
  const about = { severity: 'warning', stage: 'outcome', patient: null, file, place: column } as const;
  const problems: Problem[] = [];
  const said = unitsIn(column);
  if (said.length > 0 && !said.includes(unit))
    problems.push({
      ...about,
      reason: `The name of the column says ${said.join(' and ')}, data.outcome.time.unit is ${unit}.`,
      fix: 'Correct data.outcome.time.unit if the name is right.',
    });
  const mixed = twoGroups(times) ?? fractionsAmong(unit, times);
  if (mixed !== null)
    problems.push({
      ...about,
      reason: `${mixed}: are these times of two units? All of them count as ${unit}.`,
      fix: 'Write all times in one unit, and correct data.outcome.time.unit.',
    });
  return problems;
}

/** Describes two groups of times whose distance no course of a disease explains. Null if there are no such groups. */
function twoGroups(times: Float64Array): string | null {
  const sorted = times.filter((time) => time > 0).sort();
  const least = Math.max(leastGroup, leastShare * sorted.length);
  for (let at = Math.ceil(least); at + least <= sorted.length; at++) {
    const [below = 0, above = 0] = [sorted[at - 1], sorted[at]];
    if (above >= farApart * below)
      return `${counted(at, 'time')} are ${below} or less, the other ${sorted.length - at} are ${above} or more`;
  }
  return null;
}

/**
 * A sentence if a column of days contains small times with a fraction. Days are whole numbers, so these times are
 * probably years or months. Null if there are no such times.
 */
function fractionsAmong(unit: TimeUnit, times: Float64Array): string | null {
  if (unit !== 'days') return null;
  const known = times.filter((time) => time > 0).sort();
  const [whole, fractions] = [
    known.filter(Number.isInteger),
    known.filter((time) => !Number.isInteger(time)),
  ];
  if (fractions.length < leastGroup || whole.length < leastGroup) return null;
  const median = whole[Math.floor(whole.length / 2)] ?? 0;
  const largest = fractions.at(-1) ?? 0;
  if (largest * 5 >= median) return null;
  return `${counted(fractions.length, 'time')} have a fraction and are ${largest} or less, half of the whole numbers are ${median} or more`;
}
