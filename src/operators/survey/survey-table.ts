import type { CellGrid } from '../tables/cell-grid.js';
import { missingWords } from '../tables/missing.js';

/** A table of the user's folder, before anything is declared about it. */
export interface SurveyTable {
  /** Path relative to the data folder. */
  readonly file: string;
  /** Name of the sheet, if the table is in a workbook of several sheets. Null for any other table. */
  readonly sheet: string | null;
  /** Names of all columns, Unicode NFC. */
  readonly columns: readonly string[];
  readonly rows: number;
  /** The cells of a column as trimmed texts. '' if a cell is missing. */
  readonly texts: (column: number) => readonly string[];
  /** The cells of a column as numbers. NaN if a cell is missing or holds a text. */
  readonly numbers: (column: number) => readonly number[];
}

/** The name of a table in messages: `clini.xlsx, sheet "Visits"`. */
export const tableName = ({ file, sheet }: Pick<SurveyTable, 'file' | 'sheet'>): string =>
  sheet === null ? file : `${file}, sheet "${sheet}"`;

/** An opened grid as a table of the survey. Cells that mean "missing" become empty. */
export function surveyTable(
  file: string,
  sheet: string | null,
  grid: CellGrid,
  missing: readonly string[],
): SurveyTable {
  const isMissing = missingWords(missing).text;
  const rows = [...Array(grid.rows).keys()];
  const texts = new Map<number, readonly string[]>();
  const width = lastNamed(grid.header) + 1;
  return {
    file,
    sheet,
    columns: grid.header.slice(0, width).map((name) => name.normalize('NFC')),
    rows: grid.rows,
    texts: (column) => {
      const known = texts.get(column);
      if (known !== undefined) return known;
      const cells = rows.map((row) => {
        const text = grid.text(row, column).normalize('NFC');
        return isMissing(text) ? '' : text;
      });
      texts.set(column, cells);
      return cells;
    },
    numbers: (column) => rows.map((row) => grid.number(row, column)),
  };
}

const lastNamed = (header: readonly string[]): number => header.findLastIndex((name) => name !== '');

/** The distinct texts of a column with their counts, most frequent first. Missing cells are left out. */
export function countsOf(texts: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) if (text !== '') counts.set(text, (counts.get(text) ?? 0) + 1);
  return new Map([...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)));
}
