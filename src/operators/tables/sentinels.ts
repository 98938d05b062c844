import { distinctNumbers } from './distinct.js';

const negative = [-1, -8, -9, -77, -88, -99, -777, -888, -999, -9999, -99_999];
const positive = [888, 999, 9999, 99_999, 999_999];
/** Factor by which a code for "missing" must lie outside of the real values. */
const farOutside = 3;

/** A number that most likely means "missing", and the number of its cells. */
export interface Sentinel {
  readonly value: number;
  readonly count: number;
}

/**
 * Searches for codes of missing values in a column of numbers. Negative: -9, -99, -999 if all other values are at least zero, or if
 * they lie three times below the next smallest value. Positive: 999, 9999 if they lie three times above the next largest value, or
 * above it in at least two cells. -1 counts only among values of at least zero, and if it occurs at least twice.
 */
export function sentinelsIn(values: Float64Array): readonly Sentinel[] {
  const found = codesIn(values);
  // -1 beside only one other value is a code for two groups.
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

/** The same codes among words, where a number would become a category. -1 is not one of them. */
export function sentinelsAmongWords(numbers: Float64Array): readonly Sentinel[] {
  return [...negative, ...positive].flatMap((value) => {
    if (value === -1) return [];
    const count = numbers.reduce((sum, one) => sum + (one === value ? 1 : 0), 0);
    return count === 0 ? [] : [{ value, count }];
  });
}
