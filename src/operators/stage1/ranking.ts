/**
 * Positions of the `k` highest values, highest first (`direction` 1), or of the `k` lowest values, lowest first (-1).
 * Of equal values the earlier position comes first. One pass with a sorted shortlist is fast, because k is small (8)
 * and a bag has up to 1e5 rows.
 */
export function extremes(values: ArrayLike<number>, k: number, direction: 1 | -1): number[] {
  const shortlist: number[] = [];
  const valueAt = (position: number): number => direction * (values[position] as number);
  for (let position = 0; position < values.length; position++) {
    const value = valueAt(position);
    const full = shortlist.length === k;
    if (full && !(value > valueAt(shortlist[k - 1] as number))) continue;
    if (full) shortlist.pop();
    let place = shortlist.length;
    while (place > 0 && value > valueAt(shortlist[place - 1] as number)) place--;
    shortlist.splice(place, 0, position);
  }
  return shortlist;
}
