/**
 * Ranks from 1, in the order of the input. Equal values get the mean of their ranks. Values are compared exactly: two
 * scores that differ in the last bit are not a tie.
 */
export function midRanks(values: readonly number[]): number[] {
  const order = values.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value);
  const ranks = new Array<number>(values.length);
  for (let start = 0, end = 0; start < order.length; start = end) {
    const { value } = order[start] as (typeof order)[0];
    while (end < order.length && order[end]?.value === value) end++;
    // In sorted order, the equal values are at start..end-1 and have the ranks start+1..end.
    for (const { index } of order.slice(start, end)) ranks[index] = (start + 1 + end) / 2;
  }
  return ranks;
}
