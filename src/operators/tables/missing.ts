import { plainNumber } from './plain-number.js';

/** Which cells are missing. */
export interface MissingWords {
  /** @param text - trimmed */
  readonly text: (text: string) => boolean;
  /** Whether a number stands for a missing value, such as -9. */
  readonly number: (value: number) => boolean;
  /** Whether any number does; false spares a look at every cell. */
  readonly anyNumber: boolean;
}

/** An empty cell is missing, whatever the list says. */
export function missingWords(words: readonly string[]): MissingWords {
  const texts = new Set(['', ...words.map((word) => word.trim().toLowerCase())]);
  const numbers = new Set(
    words.map((word) => plainNumber(word.trim())).filter((value) => !Number.isNaN(value)),
  );
  return {
    // Most cells that are no number are empty; others are short words.
    text: (text) => text === '' || texts.has(text.toLowerCase()),
    number: (value) => numbers.has(value),
    anyNumber: numbers.size > 0,
  };
}
