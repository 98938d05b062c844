import { plainNumber } from './plain-number.js';

/** Maximum number of words in the cache. The cache stores for each word whether it means "missing". */
const wordsKept = 10_000;

/** The rules that decide which cells are missing. */
export interface MissingWords {
  /** @param text - trimmed */
  readonly text: (text: string) => boolean;
  /** Whether a number means a missing value, such as -9. */
  readonly number: (value: number) => boolean;
  /** Whether the list of words contains a number. If false, no number means "missing". */
  readonly anyNumber: boolean;
}

/** An empty cell is always missing, whatever the list contains. */
export function missingWords(words: readonly string[]): MissingWords {
  const texts = new Set(['', ...words.map((word) => word.trim().toLowerCase())]);
  const numbers = new Set(
    words.map((word) => plainNumber(word.trim())).filter((value) => !Number.isNaN(value)),
  );
  const longest = Math.max(...[...texts].map((word) => word.length));
  // A table repeats its words, so the lower-case form of each is computed once.
  const seen = new Map<string, boolean>();
  const isMissing = (text: string): boolean => {
    const known = seen.get(text);
    if (known !== undefined) return known;
    const missing = texts.has(text.toLowerCase());
    if (seen.size < wordsKept) seen.set(text, missing);
    return missing;
  };
  return {
    // The fast tests come first. Most cells without a number are empty. A text that is longer than all words of the
    // list is none of these words, because the lower-case form is never shorter than the text.
    text: (text) => text === '' || (text.length <= longest && isMissing(text)),
    number: (value) => numbers.has(value),
    anyNumber: numbers.size > 0,
  };
}
