import type { TypedColumn } from '../tables/typed-column.js';

const categoriesShown = 4;

/** A number as text, rounded to six significant digits. */
export const numberText = (value: number): string => String(Number(value.toPrecision(6)));

/**
 * A description of a column's content, for a comment in the experiment: range and median of numbers, counts of
 * categories, missing cells.
 */
export function columnNote({ kind, categories, note }: TypedColumn, cells: Float64Array): string {
  const known = cells.filter((cell) => !Number.isNaN(cell)).sort();
  const missing = cells.length - known.length;
  const gaps = missing === 0 ? '' : `; ${missing} missing`;
  if (kind === 'numeric' || kind === 'ordinal') {
    const [least, middle, most] = [0, Math.floor(known.length / 2), known.length - 1].map((at) =>
      numberText(known[at] ?? NaN),
    );
    const range = `${least ?? ''} to ${most ?? ''}, median ${middle ?? ''}${gaps}`;
    return note === undefined ? range : `${range}; declare it nominal or ordinal if these are codes`;
  }
  const counts = new Map<number, number>();
  for (const cell of known) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  const words = [...counts]
    .sort(([, m], [, n]) => n - m)
    .map(
      ([code, count]) => `${categories === undefined ? code : `"${categories[code] ?? code}"`} (${count})`,
    );
  const more = words.length > categoriesShown ? ` and ${words.length - categoriesShown} more` : '';
  return `${words.slice(0, categoriesShown).join(', ')}${more}${gaps}`;
}
