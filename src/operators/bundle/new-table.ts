import type { Config } from '../../pipeline/config/schema.js';
import { HafError } from '../../pipeline/core/errors.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import { nearest } from '../../pipeline/core/suggest.js';
import { faultsError } from '../tables/table-fault.js';
import { modalityTexts, type TextKeys } from '../tables/modality-texts.js';
import type { TextTable } from '../tables/text-table.js';
import type { TypedTable } from '../tables/typed-table.js';
import type { BundleColumn } from './bundle-data.js';

/** A cell whose value the model does not know. It counts as missing. */
export interface UnreadCell {
  readonly patient: string;
  readonly column: string;
  readonly word: string;
}

export interface NewTable {
  readonly table: TypedTable;
  readonly unread: readonly UnreadCell[];
}

/**
 * Reads a table of new patients and converts it to the columns of the training. Columns are found by name. Kinds and
 * categories are those of the training and do not depend on the new table. Other columns of the file are ignored.
 *
 * @param files of one modality; a column is taken from the first file that has it
 * @throws HafError HAF_BUNDLE_UNFIT naming all columns that no file has; HAF_TABLE_INVALID for faulty rows
 */
export async function readNewTable(
  modality: ModalityId,
  columns: readonly BundleColumn[],
  files: readonly { readonly name: string; readonly path: string }[],
  declared: TextKeys,
  data: Pick<Config['data'], 'layout' | 'patients'>,
): Promise<NewTable> {
  const texts = await modalityTexts(modality, files, declared, data);
  const faults = texts.flatMap((text) => text.faults);
  if (faults.length > 0) throw faultsError(faults);
  const places = columns.map(({ name }) => placeOf(name, texts));
  const missing = columns.filter((_, at) => places[at] === null).map(({ name }) => name);
  if (missing.length > 0) throw columnsMissing(modality, missing, texts);

  const rowOf = new Map<string, number>();
  for (const text of texts)
    for (const patient of text.patients) if (!rowOf.has(patient)) rowOf.set(patient, rowOf.size);
  const cells = new Float64Array(rowOf.size * columns.length).fill(NaN);
  const unread: UnreadCell[] = [];
  for (const [at, column] of columns.entries()) {
    const { text, index } = places[at] as Place;
    const numberOf = cellReader(column);
    text.patients.forEach((patient, row) => {
      const value = numberOf(text, row, index);
      if (typeof value === 'string') unread.push({ patient, column: column.name, word: value });
      else cells[(rowOf.get(patient) as number) * columns.length + at] = value;
    });
  }
  const typed = columns.map(({ range: _, distribution: __, ...column }) => ({
    ...column,
    inferred: false,
  }));
  return { table: { columns: typed, patients: [...rowOf.keys()], cells }, unread };
}

interface Place {
  readonly text: TextTable;
  readonly index: number;
}

function placeOf(name: string, texts: readonly TextTable[]): Place | null {
  const text = texts.find(({ columns }) => columns.includes(name));
  return text === undefined ? null : { text, index: text.columns.indexOf(name) };
}

function columnsMissing(
  modality: ModalityId,
  missing: readonly string[],
  texts: readonly TextTable[],
): HafError {
  const there = texts.flatMap(({ columns }) => columns);
  const named = missing.map((name) => {
    const close = nearest(name, there);
    return close === null ? `"${name}"` : `"${name}" (the closest is "${close}")`;
  });
  return new HafError(
    'HAF_BUNDLE_UNFIT',
    `The model reads columns of ${modality} that ${texts.map(({ file }) => file).join(', ')} does not have: ${named.join(', ')}.`,
    `Give the columns the names of the training, or leave ${modality} out of the cohort file: the model then predicts without it.`,
    { context: { modality, columns: [...missing] } },
  );
}

/**
 * Returns a function that reads a cell. The function returns the cell's number, NaN if the cell is missing, or its text
 * if the training had no such value.
 */
function cellReader({
  kind,
  categories,
}: BundleColumn): (text: TextTable, row: number, column: number) => number | string {
  if (categories === undefined)
    return (text, row, column) => {
      const value = text.number(row, column);
      const word = text.text(row, column);
      if (Number.isNaN(value)) return word === '' ? NaN : word;
      return kind === 'binary' && value !== 0 && value !== 1 ? word : value;
    };
  const codeOf = new Map(categories.map((word, code) => [word.normalize('NFC'), code]));
  // Numbers are compared by value, so that a cell `1.0` is of the category `1`.
  const codeOfNumber = new Map(
    categories.flatMap((word, code): [number, number][] =>
      word.trim() === '' || Number.isNaN(Number(word)) ? [] : [[Number(word), code]],
    ),
  );
  const truth = categories.every((word) => word === 'true' || word === 'false');
  return (text, row, column) => {
    const word = text.text(row, column).normalize('NFC');
    // A text that usually means "missing" is a value if the training had a category of this name.
    if (word === '') return codeOf.get(text.written(row, column).normalize('NFC')) ?? NaN;
    return (
      codeOf.get(truth ? word.toLowerCase() : word) ?? codeOfNumber.get(text.number(row, column)) ?? word
    );
  };
}
