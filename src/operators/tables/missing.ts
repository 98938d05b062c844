import { plainNumber } from './plain-number.js';

/** Words of which it is remembered whether they mean "missing". */
const wordsKept = 10_000;

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
  const longest = Math.max(...[...texts].map((word) => word.length));
  // A table repeats its words; lower case is asked for once for each.
  const seen = new Map<string, boolean>();
  const isMissing = (text: string): boolean => {
    const known = seen.get(text);
    if (known !== undefined) return known;
    const missing = texts.has(text.toLowerCase());
    if (seen.size < wordsKept) seen.set(text, missing);
    return missing;
  };
  return {
    // Most cells that are no number are empty; others are short words. Lower case is never shorter than a text.
    text: (text) => text === '' || (text.length <= longest && isMissing(text)),
    number: (value) => numbers.has(value),
    anyNumber: numbers.size > 0,
  };
}
