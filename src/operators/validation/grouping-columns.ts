import type { Config } from '../../pipeline/config/schema.js';
import { HafError } from '../../pipeline/core/errors.js';
import { idColumnOf, idRuleOf } from '../../pipeline/core/naming.js';
import { nearest } from '../../pipeline/core/suggest.js';
import { quoted } from '../../pipeline/core/wording.js';
import type { SourceFile } from '../../pipeline/stage.js';
import { quantile } from '../stats/quantile.js';
import { faultsError } from '../tables/table-fault.js';
import { readTextTable, type TextTable } from '../tables/text-table.js';

/** The value of a column for each patient: its text, and its number if it is one. */
export interface GroupingColumn {
  /** The name, as the user gave it. */
  readonly name: string;
  readonly values: ReadonlyMap<string, { readonly text: string; readonly number: number }>;
}

/** A table that may hold the column: the table of a modality, or the outcome table. */
interface Place {
  readonly modality: string;
  readonly text: TextTable;
}

/**
 * Reads grouping columns from the tables of the cohort file. The user names a column by its name, or as `<modality>.<name>` if
 * several tables have it; `outcome` is the outcome table.
 *
 * @param sources roles `outcome` and `table:<modality>`
 * @throws HafError HAF_USAGE for a column that no table has, or that several tables have; HAF_TABLE_INVALID for faulty tables
 */
export async function readGroupings(
  names: readonly string[],
  sources: readonly SourceFile[],
  data: Config['data'],
): Promise<readonly GroupingColumn[]> {
  if (names.length === 0) return [];
  const places: Place[] = [];
  for (const source of sources) {
    const modality = source.role === 'outcome' ? 'outcome' : source.role.replace(/^table:/, '');
    if (source.role !== 'outcome' && modality === source.role) continue;
    places.push({ modality, text: await readTable(source, modality, data) });
  }
  const faults = places.flatMap(({ text }) => text.faults);
  if (faults.length > 0) throw faultsError(faults);
  return names.map((name) => {
    const found = places.filter(({ modality, text }) => columnOf(name, modality, text) !== null);
    const modalities = [...new Set(found.map(({ modality }) => modality))];
    if (modalities.length === 0) throw absent(name, places);
    if (modalities.length > 1)
      throw new HafError(
        'HAF_USAGE',
        `--by ${name}: the tables ${quoted(modalities)} have such a column.`,
        `Name the table as well: ${modalities.map((modality) => `--by ${modality}.${name}`).join(' or ')}.`,
      );
    const values = new Map<string, { readonly text: string; readonly number: number }>();
    for (const { modality, text } of found) {
      const at = text.columns.indexOf(columnOf(name, modality, text) as string);
      text.patients.forEach((patient, row) => {
        if (!values.has(patient))
          values.set(patient, { text: text.text(row, at), number: text.number(row, at) });
      });
    }
    return { name, values };
  });
}

function readTable({ name, path }: SourceFile, modality: string, data: Config['data']): Promise<TextTable> {
  const declared = Object.hasOwn(data.modalities, modality) ? data.modalities[modality] : undefined;
  const table = declared?.kind === 'table' ? declared : null;
  return readTextTable(path, {
    name,
    ...idColumnOf(data.patients, table && { id: table.id, key: `data.modalities.${modality}.id` }),
    missing: data.patients.missing,
    patientOf: idRuleOf(data.layout),
    sheet: table === null ? data.outcome.sheet : table.sheet,
    delimiter: table?.delimiter ?? null,
    decimal: table?.decimal ?? null,
  });
}

/** The column of a table that a name refers to. Null if the table lacks it. */
function columnOf(name: string, modality: string, { columns }: TextTable): string | null {
  if (columns.includes(name)) return name;
  const own = name.startsWith(`${modality}.`) ? name.slice(modality.length + 1) : null;
  return own !== null && columns.includes(own) ? own : null;
}

function absent(name: string, places: readonly Place[]): HafError {
  const all = places.flatMap(({ text }) => text.columns);
  const guess = nearest(name, all);
  return new HafError(
    'HAF_USAGE',
    `--by ${name}: none of ${quoted(places.map(({ text }) => text.file))} has such a column.`,
    guess === null
      ? 'Declare the table that has the column in the cohort file (data.modalities), or correct the name.'
      : `Did you mean "${guess}"? Otherwise declare the table that has the column in the cohort file.`,
  );
}

/** Number of distinct numbers above which a column is divided into bands. */
const mostNumbers = 6;

/** The group of each given patient: the text of the patient's cell in the column, or one of three bands of numbers. */
export function groupsOf(
  { values }: GroupingColumn,
  patients: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const known = patients.flatMap((id) => {
    const value = values.get(id);
    return value === undefined || value.text === '' ? [] : [value];
  });
  const numbers = known.map(({ number }) => number);
  const inBands = !numbers.some(Number.isNaN) && new Set(numbers).size > mostNumbers;
  const bandOf = inBands ? thirds(numbers) : null;
  const groups = new Map<string, string[]>();
  const names: string[] = [];
  for (const id of patients) {
    const value = values.get(id);
    const missing = value === undefined || value.text === '';
    const group = missing ? 'missing' : bandOf === null ? value.text : bandOf(value.number);
    if (!groups.has(group)) names.push(group);
    groups.set(group, [...(groups.get(group) ?? []), id]);
  }
  const order = bandOf?.order ?? [];
  const place = (name: string): number =>
    name === 'missing' ? Infinity : order.includes(name) ? order.indexOf(name) : order.length;
  names.sort((a, b) => place(a) - place(b) || a.localeCompare(b, 'en', { numeric: true }));
  return new Map(names.map((name) => [name, groups.get(name) as string[]]));
}

/** Makes three bands with about a third of the numbers each. Returns a function that names the band of a value. */
function thirds(numbers: readonly number[]): ((value: number) => string) & { readonly order: string[] } {
  const sorted = Float64Array.from(numbers).sort();
  const [low, high] = [quantile(sorted, 1 / 3), quantile(sorted, 2 / 3)];
  const text = (value: number): string => String(Number(value.toPrecision(4)));
  const order = [`<= ${text(low)}`, `${text(low)} to ${text(high)}`, `> ${text(high)}`];
  const bandOf = (value: number): string => order[value <= low ? 0 : value <= high ? 1 : 2] as string;
  return Object.assign(bandOf, { order });
}
