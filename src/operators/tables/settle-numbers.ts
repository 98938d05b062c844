import { distinctNumbers, exampleValues } from './distinct.js';
import { isDateText } from './date-text.js';
import type { ColumnView, Settled } from './typed-column.js';

const fewValues = 10;

/** Converts a numeric column, or an ordinal column whose codes are its numbers. Any text is a fault. */
export function settleNumbers(view: ColumnView, kind: 'numeric' | 'ordinal', inferred: boolean): Settled {
  if (view.texts > 0) return notNumbers(view, kind);
  if (!view.named && isRowNumber(view)) return rowNumber(view);
  const { name, numbers } = view;
  const distinct = distinctNumbers(numbers, fewValues);
  if (distinct.length === 0) return { type: 'left', reason: 'missing' };
  if (distinct.length === 1) return { type: 'left', reason: 'constant' };
  const codes = inferred && distinct.length <= fewValues && distinct.every(Number.isInteger);
  const note = `${distinct.length} whole numbers (${distinct.slice(0, 5).join(', ')}${distinct.length > 5 ? ' ...' : ''}) taken as quantities; declare the column nominal or ordinal if they are codes`;
  return {
    type: 'input',
    column: { name, kind, inferred, ...(codes ? { note } : {}) },
    ...warningOf(view),
  };
}

function warningOf(view: ColumnView): { readonly warning?: string } {
  if (view.named)
    return isRowNumber(view)
      ? { warning: 'counts the rows of the file: a row number tells how the file is sorted' }
      : {};
  if (risesOrFalls(view.numbers))
    return {
      warning:
        'holds whole numbers that change in one direction from row to row, as row numbers do after rows were left out. A row number tells how the file is sorted',
    };
  return isShuffledCount(view.numbers)
    ? { warning: 'holds each whole number from the first to the last once, as row numbers do after sorting' }
    : {};
}

/** Whether whole numbers strictly rise from row to row, or strictly fall. */
function risesOrFalls(numbers: Float64Array): boolean {
  const known = numbers.filter((value) => !Number.isNaN(value));
  if (known.length < fewestToJudge || !known.every(Number.isInteger)) return false;
  const step = Math.sign((known[1] as number) - (known[0] as number));
  return (
    step !== 0 &&
    known.every((value, at) => at === 0 || Math.sign(value - (known[at - 1] as number)) === step)
  );
}

/** Whether the numbers are 0 ... n-1 or 1 ... n in any order. */
function isShuffledCount(numbers: Float64Array): boolean {
  if (numbers.length < fewestToJudge || !numbers.every(Number.isInteger)) return false;
  const first = numbers.reduce((least, value) => Math.min(least, value), Infinity);
  if (first !== 0 && first !== 1) return false;
  const seen = new Set(numbers);
  return seen.size === numbers.length && numbers.every((value) => value < first + numbers.length);
}

const namesOfIndex = /^(unnamed: ?\d+|__index_level_\d+__|\.\.\.\d+)$/i;
const fewestRows = 8;
/** Minimum number of values for a decision by their order. Fewer values are ordered by chance too often. */
const fewestToJudge = 12;

/**
 * Whether a column is a row number. pandas names a column without a name `Unnamed: 0`; the row index of a data frame counts 0, 1, 2
 * ... or 1, 2, 3 ...
 */
export function isRowNumber({ name, numbers, texts }: ColumnView): boolean {
  if (namesOfIndex.test(name)) return true;
  const first = numbers[0];
  if (texts > 0 || numbers.length < fewestRows || (first !== 0 && first !== 1)) return false;
  return numbers.every((value, at) => value === first + at);
}

export const rowNumber = ({ name }: ColumnView): Settled => ({
  ...{ type: 'fault', reason: 'row number', line: null },
  problem: `the column is a row number (${namesOfIndex.test(name) ? 'its name says so' : 'it counts the rows'}), which tells how the file is sorted: remove it, or declare "${name}: ignore"`,
});

function notNumbers({ numbers, words, line }: ColumnView, kind: 'numeric' | 'ordinal'): Settled {
  const texts = words().flatMap((word, at) =>
    word !== '' && Number.isNaN(numbers[at]) ? [{ word, line: line(at) }] : [],
  );
  const hint = texts.every(({ word }) => /^[+-]?\d+,\d+$/.test(word))
    ? '. Set the key "decimal" of this table to "," if they are decimal commas'
    : texts.every(({ word }) => isDateText(word))
      ? '. Compute a number from dates, such as days since the diagnosis, or ignore the column'
      : kind === 'ordinal'
        ? '. List the words of an ordinal column in their order: { ordinal: [low, high] }'
        : '. Correct them, declare the column nominal, or add the word to data.patients.missing';
  return {
    ...{ type: 'fault', reason: 'mixed', line: texts[0]?.line ?? null },
    problem: `${texts.length} of ${words().filter((word) => word !== '').length} cells are not numbers: ${exampleValues(texts)}${hint}`,
  };
}
