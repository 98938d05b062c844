const negative = [-1, -8, -9, -88, -99, -888, -999, -9999];
const positive = [999, 9999, 99_999];
/** A positive code for "missing" lies far above all real values. */
const farAbove = 3;

/** A number that most likely means "missing", and in how many cells it stands. */
export interface Sentinel {
  readonly value: number;
  readonly count: number;
}

/**
 * Looks for codes of missing values in a column of numbers: -9, -99, -999 among values that are otherwise at least
 * zero, or 999, 9999 three times above the next largest value. -1 counts only when it stands at least twice.
 */
export function sentinelsIn(values: Float64Array): readonly Sentinel[] {
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
  if (least >= 0)
    for (const value of negative) {
      const times = count(value);
      if (times > (value === -1 ? 1 : 0)) found.push({ value, count: times });
    }
  for (const value of positive) {
    const times = count(value);
    if (times > 0 && most > 0 && value > most * farAbove) found.push({ value, count: times });
  }
  return found;
}
