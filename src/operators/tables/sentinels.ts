import { distinctNumbers } from './distinct.js';

const negative = [-1, -8, -9, -77, -88, -99, -777, -888, -999, -9999, -99_999];
const positive = [888, 999, 9999, 99_999, 999_999];
/**
 * A single code for "missing" must exceed this multiple of the largest real value, or lie below this multiple of the
 * smallest.
 */
const farOutside = 3;

/** A number that most likely means "missing", and the number of cells that contain it. */
export interface Sentinel {
  readonly value: number;
  readonly count: number;
}

/**
 * Searches for codes of missing values in a column of numbers. A negative number such as -9 or -999 is a code if all
 * other values are at least 0, or if it is below three times the smallest other value. A positive number such as 999 is
 * a code if it exceeds three times the largest other value, or if it exceeds that value and occurs at least twice. -1
 * is a code only if all other values are at least 0 and -1 occurs at least twice.
 */
export function sentinelsIn(values: Float64Array): readonly Sentinel[] {
  const found = codesIn(values);
  // A column of -1 and one other value has two groups, so -1 does not mean "missing".
  return distinctNumbers(values, 2).length > 2 ? found : found.filter(({ value }) => value !== -1);
}

function codesIn(values: Float64Array): readonly Sentinel[] {
  let suspicious = false;
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (negative.includes(value) || positive.includes(value)) suspicious = true;
    else if (value < least) least = value;
    if (value > most && !positive.includes(value)) most = value;
  }
  if (!suspicious) return [];
  const found: Sentinel[] = [];
  const count = (sentinel: number): number =>
    values.reduce((sum, value) => sum + (value === sentinel ? 1 : 0), 0);
  for (const value of negative) {
    const times = count(value);
    const belowAll = least >= 0 ? times > (value === -1 ? 1 : 0) : value !== -1 && value < least * farOutside;
    if (times > 0 && belowAll) found.push({ value, count: times });
  }
  for (const value of positive) {
    const times = count(value);
    const aboveAll = most > 0 && (value > most * farOutside || (times > 1 && value > most));
    if (times > 0 && aboveAll) found.push({ value, count: times });
  }
  return found;
}

/**
 * Searches for codes of missing values, except -1, in a column of words. Otherwise such a code would become a category.
 */
export function sentinelsAmongWords(numbers: Float64Array): readonly Sentinel[] {
  return [...negative, ...positive].flatMap((value) => {
    if (value === -1) return [];
    const count = numbers.reduce((sum, one) => sum + (one === value ? 1 : 0), 0);
    return count === 0 ? [] : [{ value, count }];
  });
}
