import { distinctNumbers, distinctWords, exampleValues } from './distinct.js';
import type { ColumnView, Settled } from './typed-column.js';

/** The values of a column in the order of their codes, and each row's code. NaN if the cell is missing. */
interface Coded {
  readonly categories: readonly string[];
  readonly cells: Float64Array;
}

/**
 * Assigns codes to the values of a column. Whole numbers are in ascending order, other values are sorted by code unit.
 * In a column of `true` and `false`, upper and lower case are not distinguished.
 */
export function coded(view: ColumnView): Coded {
  if (view.texts === 0) {
    const values = distinctNumbers(view.numbers);
    const categories = values.every(Number.isInteger)
      ? values
      : values.sort((a, b) => (String(a) < String(b) ? -1 : 1));
    const codeOf = new Map(categories.map((value, code) => [value, code]));
    return {
      categories: categories.map(String),
      cells: view.numbers.map((value) => codeOf.get(value) ?? NaN),
    };
  }
  const written = view.words();
  const truth = written.every((word) => word === '' || /^(true|false)$/i.test(word));
  const words = truth ? written.map((word) => word.toLowerCase()) : written;
  const categories = distinctWords(words);
  const codeOf = new Map(categories.map((word, code) => [word, code]));
  const cells = new Float64Array(words.length);
  for (let row = 0; row < cells.length; row++) cells[row] = codeOf.get(words[row] as string) ?? NaN;
  return { categories, cells };
}

const empty = (categories: readonly string[]): Settled | null =>
  categories.length > 1 ? null : { type: 'left', reason: categories.length === 0 ? 'missing' : 'constant' };

/**
 * Converts a column of two values. The smaller value becomes 0, the larger 1. So a column of 0 and 1 stays unchanged.
 */
export function settleBinary(
  view: ColumnView,
  inferred: boolean,
  { categories, cells } = coded(view),
): Settled {
  const few = empty(categories);
  if (few !== null) return few;
  const { name } = view;
  if (categories.length > 2) {
    const seen = categories.map((word, code) => ({ word, line: view.line(cells.indexOf(code)) }));
    return {
      ...{ type: 'fault', reason: 'mixed', line: null },
      problem: `a binary column has two values, this one has ${categories.length}: ${exampleValues(seen.sort((a, b) => a.line - b.line)).replace('cells', 'values')}`,
    };
  }
  if (categories[0] === '0' && categories[1] === '1' && view.texts === 0)
    return { type: 'input', column: { name, kind: 'binary', inferred } };
  return { type: 'input', column: { name, kind: 'binary', categories: [...categories], inferred }, cells };
}

/**
 * In a column that is declared nominal, `unknown` is a category, because the difference between "not tested" and
 * "unknown" is often informative. To make `unknown` missing, declare the list of categories without it.
 */
const withUnknown = (view: ColumnView): ColumnView => {
  if (!view.named || view.texts === 0) return view;
  const words = view.words();
  const written = view.written();
  return {
    ...view,
    words: () =>
      words.map((word, row) =>
        word === '' && /^unknown$/i.test(written[row] ?? '') ? (written[row] ?? '') : word,
      ),
  };
};

/** Converts a column of categories without an order. */
export function settleNominal(
  view: ColumnView,
  inferred: boolean,
  { categories, cells } = coded(withUnknown(view)),
): Settled {
  const few = empty(categories);
  if (few !== null) return few;
  const warning = variants(categories);
  return {
    ...{
      type: 'input',
      column: { name: view.name, kind: 'nominal', categories: [...categories], inferred },
      cells,
    },
    ...(warning === null ? {} : { warning }),
  };
}

/**
 * Converts a column whose values the experiment lists, nominal or in their order. A value outside of the list is a
 * fault.
 *
 * @param keepConstant whether a column with one value or none becomes an input as well
 */
export function settleListed(
  view: ColumnView,
  kind: 'nominal' | 'ordinal',
  list: readonly (string | number)[],
  keepConstant: boolean,
): Settled {
  const categories = list.map((value) => String(value).trim().normalize('NFC'));
  const codeOf = new Map(categories.map((word, code) => [word, code]));
  // Numbers are compared by value, so that 1.0 in a cell equals 1 in the list. The map leaves out the words of the
  // list: they would all have the key NaN, and a Map finds this key for every cell that is a word.
  const codeOfNumber = new Map(
    list.flatMap((value, code): [number, number][] =>
      Number.isNaN(Number(value)) ? [] : [[Number(value), code]],
    ),
  );
  const unknown: { word: string; line: number }[] = [];
  const written = view.written();
  const cells = Float64Array.from(view.words(), (word, row) => {
    // A value that the experiment lists is never missing, even if it is a word such as `NA` that usually means
    // "missing".
    if (word === '') return codeOf.get(written[row] ?? '') ?? NaN;
    const code = codeOf.get(word) ?? codeOfNumber.get(view.numbers[row] ?? NaN);
    if (code === undefined) unknown.push({ word, line: view.line(row) });
    return code ?? NaN;
  });
  if (unknown.length > 0)
    return {
      ...{ type: 'fault', reason: 'mixed', line: unknown[0]?.line ?? null },
      problem: `not in the list of its ${kind} values (${categories.join(', ')}): ${exampleValues(unknown)}`,
    };
  const distinct = distinctNumbers(cells, 1).length;
  if (distinct < 2 && !keepConstant) return { type: 'left', reason: distinct === 0 ? 'missing' : 'constant' };
  return { type: 'input', column: { name: view.name, kind, categories, inferred: false }, cells };
}

/** Warns of categories that differ in case or spaces only, because they are most likely one category. */
function variants(categories: readonly string[]): string | null {
  const seen = new Map<string, string>();
  for (const word of categories) {
    const key = word.toLowerCase().replace(/\s+/g, '');
    const other = seen.get(key);
    if (other !== undefined)
      return `has the categories "${other}" and "${word}", which differ in case or spaces only`;
    seen.set(key, word);
  }
  return null;
}
