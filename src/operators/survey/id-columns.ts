import { countsOf, type SurveyTable } from './survey-table.js';

/** The column of a table that holds the ids of the patients. */
export interface IdColumn {
  readonly table: SurveyTable;
  readonly column: number;
  readonly name: string;
  /** The ids of all rows, as texts. */
  readonly ids: readonly string[];
}

const idLike =
  /(^|[^a-z])(patient|case|subject|sample|participant|person|proband|donor|barcode|pid|mrn|id|submitter)([^a-z]|$)|patient|_?id$/i;
/** Number of columns at the front that are examined whatever their names are. A wide table has its ids there. */
const columnsInFront = 30;
/** Minimum fraction of the smaller column that must occur in the other column, for both to hold the same ids. */
const shared = 0.5;
const fewestRows = 2;

interface Candidate extends IdColumn {
  readonly distinct: ReadonlySet<string>;
}

/** Columns that may hold ids: no cell is empty, and not all cells are decimal fractions. */
function candidatesOf(table: SurveyTable): readonly Candidate[] {
  if (table.rows < fewestRows) return [];
  return table.columns.flatMap((name, column): Candidate[] => {
    if (name === '' || (column >= columnsInFront && !idLike.test(name))) return [];
    const ids = table.texts(column);
    if (ids.some((id) => id === '') || ids.every((id) => /^[+-]?\d*[.,]\d+$/.test(id))) return [];
    return [{ table, column, name, ids, distinct: new Set(ids) }];
  });
}

const isUnique = ({ distinct, ids }: Candidate): boolean => distinct.size === ids.length;

/** Whether two sets of ids belong to the same patients: at least half of the smaller set is in the larger one. */
export function overlaps(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const [few, many] = a.size < b.size ? [a, b] : [b, a];
  let both = 0;
  for (const id of few) if (many.has(id)) both++;
  return few.size > 0 && both >= shared * few.size;
}

const countsRows = (ids: readonly string[]): boolean =>
  [0, 1].some((first) => ids.every((id, row) => id === String(row + first)));

/**
 * Finds the id column of each table that has one row per patient: the column of unique values with the highest score. A
 * column gets points if its values also occur in other tables or in names of files, if its name is like "patient" or
 * "case", if it holds text, and if it is the first column of the table. It loses points if its values are row numbers.
 * A column of numbers is an id column only if its values recur or its name fits.
 *
 * @param names - names of files, and of arrays in files, without folder and ending
 */
export function findIdColumns(
  tables: readonly SurveyTable[],
  names: ReadonlySet<string>,
): ReadonlyMap<SurveyTable, IdColumn> {
  const candidates = tables.flatMap((table) => candidatesOf(table).filter(isUnique));
  const found = new Map<SurveyTable, IdColumn>();
  for (const table of tables) {
    const others = candidates.filter((one) => one.table !== table);
    let best: { readonly candidate: Candidate; readonly score: number } | null = null;
    for (const candidate of candidates.filter((one) => one.table === table)) {
      const recurs = others.some(({ distinct }) => overlaps(candidate.distinct, distinct));
      const inNames = recurs || overlaps(candidate.distinct, names);
      const isText = candidate.ids.some((id) => !/^\d+$/.test(id));
      const named = idLike.test(candidate.name);
      if (!recurs && !inNames && !isText && !named) continue;
      const score =
        (recurs ? 4 : inNames ? 2 : 0) +
        (named ? 3 : 0) +
        (isText ? 2 : 0) +
        (candidate.column === 0 ? 1 : 0) -
        (countsRows(candidate.ids) ? 3 : 0);
      if (best === null || score > best.score) best = { candidate, score };
    }
    if (best !== null) found.set(table, best.candidate);
  }
  return found;
}

/** The column of a table that holds known ids, each in one or more rows. Null if there is none. */
export function columnOfIds(
  table: SurveyTable,
  known: ReadonlySet<string>,
  not: number | null,
): IdColumn | null {
  const fitting = candidatesOf(table).filter(
    ({ column, distinct }) => column !== not && overlaps(distinct, known),
  );
  return fitting.find(({ name }) => idLike.test(name)) ?? fitting[0] ?? null;
}

/** Whether the header holds the ids: the table has one column per patient. */
export const hasIdsInHeader = ({ columns }: SurveyTable, known: ReadonlySet<string>): boolean => {
  const names = new Set(columns.filter((name) => name !== ''));
  return names.size > fewestRows && [...names].filter((name) => known.has(name)).length > names.size / 2;
};

/** Count of the most frequent id in a column. More than 1 means several rows of a patient. */
export const mostRows = ({ ids }: IdColumn): number => [...countsOf(ids).values()][0] ?? 0;
