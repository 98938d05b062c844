/** "2 folds", "1 fold": a count with its noun; the plural adds an s. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** "a, b and c"; nothing for nothing. */
export const listed = (items: readonly string[]): string =>
  items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;

/** `"a", "b"`: words as they are written in a file or an experiment. */
export const quoted = (words: Iterable<string>): string => [...words].map((word) => `"${word}"`).join(', ');
