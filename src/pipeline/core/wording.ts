/** A count with its noun, such as "2 folds" or "1 fold". The plural adds an s. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** A list in words, such as "a, b and c". Empty for no items. */
export const listed = (items: readonly string[]): string =>
  items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;

/**
 * The first items of a list and the number of the others, such as "a, b and 3 more". A list of at most `most` items is
 * written in full.
 */
export const listedFirst = (items: readonly string[], most: number): string =>
  items.length > most ? `${items.slice(0, most).join(', ')} and ${items.length - most} more` : listed(items);

/** Words in quotes, such as `"a", "b"`, as they are written in a file or an experiment. */
export const quoted = (words: Iterable<string>): string => [...words].map((word) => `"${word}"`).join(', ');

/** The first words in quotes and the number of the others, such as `"a", "b" and 3 more`. */
export const quotedFirst = (words: readonly string[], most = 5): string =>
  `${quoted(words.slice(0, most))}${words.length > most ? ` and ${words.length - most} more` : ''}`;

/** The number of columns of each kind, for example `40 numeric, 2 binary, 3 nominal`. */
export function kindsText(columns: readonly { readonly kind: string }[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of columns) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
}
