import { isDateText } from './date-text.js';
import { distinctNumbers, exampleValues } from './distinct.js';
import { isRowNumber, rowNumber, settleNumbers } from './settle-numbers.js';
import { coded, settleBinary, settleNominal } from './settle-words.js';
import type { ColumnView, Settled } from './typed-column.js';

/** Minimum number of texts for a column to be taken for identifiers. */
const fewestIdentifiers = 5;
/**
 * A column of numbers and words is taken for a numeric column with wrong cells if at least half of its cells are
 * numbers, and if it has more distinct numbers than this.
 */
const valuesOfNumbers = 10;

/**
 * Decides the kind of a column by its values: a column with two values is binary, other columns of numbers are numeric,
 * other columns of words nominal. Row numbers, dates, words that are all different (an identifier), and words among
 * numbers are refused.
 */
export function inferColumn(view: ColumnView): Settled {
  if (view.texts === 0) {
    if (isRowNumber(view)) return rowNumber(view);
    if (distinctNumbers(view.numbers, 2).length === 2) return settleBinary(view, true);
    return settleNumbers(view, 'numeric', true);
  }
  const found = coded(view);
  if (found.categories.length === 2) return settleBinary(view, true, found);
  return slips(view) ?? refuseWords(view) ?? settleNominal(view, true, found);
}

/**
 * Refuses words that are not categories: dates, row numbers (recognised by the name of the column), and words that
 * differ for all patients.
 */
export function refuseWords(view: ColumnView): Settled | null {
  if (isRowNumber(view)) return rowNumber(view);
  const words = view.words();
  const known = words.filter((word) => word !== '');
  const declare = `declare "${view.name}: ignore"`;
  if (view.texts > 0 && known.every(isDateText))
    return {
      ...{ type: 'fault', reason: 'date', line: null },
      problem: `the column holds dates ("${known[0] ?? ''}"): replace them by a number, such as days since the diagnosis or an age, or ${declare}`,
    };
  if (view.texts > 0 && known.length >= fewestIdentifiers && allDifferent(known))
    return {
      ...{ type: 'fault', reason: 'identifier', line: null },
      problem: `all ${known.length} values are different texts ("${known[0] ?? ''}", "${known[1] ?? ''}" ...): an identifier? ${declare[0]?.toUpperCase() ?? ''}${declare.slice(1)}, or "${view.name}: nominal" if they are categories`,
    };
  return null;
}

function allDifferent(words: readonly string[]): boolean {
  const seen = new Set<string>();
  for (const word of words) {
    if (seen.has(word)) return false;
    seen.add(word);
  }
  return true;
}

function slips(view: ColumnView): Settled | null {
  const known = view.texts + view.numbers.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0);
  if (view.texts > known / 2) return null;
  if (distinctNumbers(view.numbers, valuesOfNumbers).length <= valuesOfNumbers) return null;
  const texts = view
    .words()
    .flatMap((word, at) =>
      word !== '' && Number.isNaN(view.numbers[at]) ? [{ word, line: view.line(at) }] : [],
    );
  return {
    ...{ type: 'fault', reason: 'mixed', line: texts[0]?.line ?? null },
    problem: `most cells are numbers, but ${texts.length} of ${known} are not: ${exampleValues(texts)}. Correct them, add the word to data.patients.missing, or declare "${view.name}: nominal"`,
  };
}
