import { nearest } from '../../pipeline/core/suggest.js';
import type { CellGrid } from './cell-grid.js';

/** The columns of a table, from its header. */
export interface Header {
  /** Position of the id column. -1 if the header is refused. */
  readonly id: number;
  /** The columns other than the id column, as indices into the cells of a row. */
  readonly columns: readonly number[];
  readonly names: readonly string[];
  /** Maximum number of cells of a row. Trailing columns without name and content do not count. */
  readonly width: number;
  readonly problems: readonly HeaderProblem[];
}

/** A fault of the header, and the key of the experiment that may be wrong instead of the header. */
export interface HeaderProblem {
  readonly problem: string;
  readonly key?: string;
}

/** What the header must have. */
export interface HeaderRules {
  /** Possible names of the id column. Exactly one of them must be in the header. */
  readonly id: readonly string[];
  /** The key of the experiment that gives these names. */
  readonly idKey?: string;
  /**
   * Whether a table may consist of the id column only.
   * @default false
   */
  readonly idsAlone?: boolean;
}

const namesShown = 20;

/** Finds the id column and refuses empty and duplicate names. */
export function readHeader(grid: CellGrid, { id: idNames, idKey, idsAlone = false }: HeaderRules): Header {
  const names = grid.header.map((name) => name.normalize('NFC'));
  const width = usedWidth(grid, names);
  const used = names.slice(0, width);
  const problems: HeaderProblem[] = [
    ...idProblems(used, idNames, idKey),
    ...nameProblems(used, idNames).map((problem) => ({ problem })),
  ];
  const id = problems.length > 0 ? -1 : used.findIndex((name) => idNames.includes(name));
  if (id >= 0 && used.length === 1 && !idsAlone)
    problems.push({ problem: `it has no column besides "${used[0] ?? ''}"` });
  const columns = used.flatMap((_, at) => (at === id ? [] : [at]));
  return {
    id: problems.length > 0 ? -1 : id,
    columns,
    names: columns.map((at) => used[at] ?? ''),
    width,
    problems,
  };
}

/**
 * The number of columns without trailing empty columns that have no name. Excel writes such columns for cells that once
 * had content.
 */
function usedWidth(grid: CellGrid, names: readonly string[]): number {
  let width = names.length;
  while (width > 0 && names[width - 1] === '' && isEmptyColumn(grid, width - 1)) width--;
  return width;
}

function isEmptyColumn(grid: CellGrid, column: number): boolean {
  for (let row = 0; row < grid.rows; row++) if (grid.text(row, column) !== '') return false;
  return true;
}

function idProblems(names: readonly string[], idNames: readonly string[], key?: string): HeaderProblem[] {
  const fitting = [...new Set(names.filter((name) => idNames.includes(name)))];
  if (fitting.length === 1) return [];
  if (fitting.length > 1)
    return [
      { problem: `${listed(fitting)} can both be the id column: name one with the key "id" of this table` },
    ];
  const wanted = listed(idNames, ' or ');
  const close = idNames.map((name) => nearest(name, names)).find((name) => name !== null && name !== '');
  const hint = close === undefined ? '' : `; the closest is "${close ?? ''}"`;
  const what = key === undefined ? '' : ` (${key}) with the patients' ids`;
  const problem = `no column ${wanted}${what}${hint}. Columns: ${listed(names.slice(0, namesShown))}${more(names)}`;
  return [key === undefined ? { problem } : { problem, key }];
}

function nameProblems(names: readonly string[], idNames: readonly string[]): string[] {
  const problems: string[] = [];
  const nameless = names.flatMap((name, at) => (name === '' && !idNames.includes('') ? [at + 1] : []));
  if (nameless[0] === 1)
    problems.push(
      'column 1 has no name. Row numbers of pandas or R look like this: write the table without them (index=False, row.names=FALSE), or give the column a name',
    );
  const others = nameless.filter((at) => at > 1);
  if (others.length > 0)
    problems.push(
      others.length === 1
        ? `column ${others[0] ?? 0} has no name`
        : `columns ${others.slice(0, 5).join(', ')}${others.length > 5 ? ' ...' : ''} have no name`,
    );
  const first = new Map<string, number>();
  const twice: string[] = [];
  names.forEach((name, at) => {
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, at + 1);
    else if (name !== '') twice.push(`"${name}" (columns ${earlier} and ${at + 1})`);
  });
  if (twice.length > 0)
    problems.push(
      `${twice.length === 1 ? 'a column name stands' : 'column names stand'} twice: ${twice.slice(0, 5).join(', ')}${twice.length > 5 ? ` and ${twice.length - 5} more` : ''}`,
    );
  return problems;
}

/** Names in quotes, without control characters. */
const listed = (names: readonly string[], between = ', '): string =>
  names.map((name) => `"${name.replace(/\p{Cc}/gu, '?').slice(0, 80)}"`).join(between);
const more = (names: readonly string[]): string =>
  names.length > namesShown ? ` and ${names.length - namesShown} more` : '';
