/** "2 folds", "1 fold": a count with its noun; the plural adds an s. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** "a, b and c"; nothing for nothing. */
export const listed = (items: readonly string[]): string =>
  items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;

/** `"a", "b"`: words as they are written in a file or an experiment. */
export const quoted = (words: Iterable<string>): string => [...words].map((word) => `"${word}"`).join(', ');

/** `"a", "b" and 3 more`: the first words, and how many there are besides. */
export const quotedFirst = (words: readonly string[], most = 5): string =>
  `${quoted(words.slice(0, most))}${words.length > most ? ` and ${words.length - most} more` : ''}`;

/** `40 numeric, 2 binary, 3 nominal`. */
export function kindsText(columns: readonly { readonly kind: string }[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of columns) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
}
