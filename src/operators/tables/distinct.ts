/**
 * The distinct numbers of a column, ascending, without NaN. If there are more than `most`, the list may be incomplete:
 * `most` + 1 numbers show this.
 */
export function distinctNumbers(values: Float64Array, most = Number.POSITIVE_INFINITY): number[] {
  if (most > 32) return [...new Set(values)].filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const found: number[] = [];
  for (const value of values) {
    if (Number.isNaN(value) || found.includes(value)) continue;
    found.push(value);
    if (found.length > most) break;
  }
  return found.sort((a, b) => a - b);
}

/** The distinct words of a column without empty cells. The order by code unit is the same on every machine. */
export const distinctWords = (words: readonly string[]): string[] =>
  [...new Set(words)].filter((word) => word !== '').sort((a, b) => (a < b ? -1 : 1));

/**
 * The first three of the given values with their lines, and the number of further values: `"x" (line 3), "y" (line 9),
 * "z" (line 12) and 4 more cells`.
 */
export function exampleValues(found: readonly { readonly word: string; readonly line: number }[]): string {
  const shown = found.slice(0, 3).map(({ word, line }) => `"${word.slice(0, 40)}" (line ${line})`);
  return found.length > 3 ? `${shown.join(', ')} and ${found.length - 3} more cells` : shown.join(', ');
}
