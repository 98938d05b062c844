import type { Problem } from '../../pipeline/core/problem.js';
import { counted, quotedFirst } from '../../pipeline/core/wording.js';
import { columnCells, type TypedTable } from '../tables/typed-table.js';
import { readAs } from './encode-row.js';
import type { FitOptions } from './fit-columns.js';
import type { FittedColumn } from './vectors-data.js';

/** A table in one fold, as it was fitted. */
export interface FittedFold {
  readonly fold: number;
  readonly modality: string;
  readonly table: TypedTable;
  /** Positions of the used columns in the table. */
  readonly chosen: readonly number[];
  /** Fitted parameters of the used columns. */
  readonly columns: readonly FittedColumn[];
  /** Rows of the training patients in the table. */
  readonly training: readonly number[];
  /** Rows of all patients of the cohort in the table. */
  readonly rows: readonly number[];
  readonly options: FitOptions;
}

/** A column with its fitted parameters and training values, and the cells of other patients. */
interface Column extends FittedColumn {
  /** Smallest and largest training value. Null if no training patient has a value. */
  readonly trained: readonly [number, number] | null;
  /**
   * Values of other patients that no training patient has: outside of the training range, or unknown categories of a
   * nominal column.
   */
  readonly others: readonly number[];
}

/**
 * Warnings about cells whose value is replaced, and about columns and categories whose weights in the model were never
 * trained: columns without a training value, values of columns that are constant in training, categories that no
 * training patient has, and numbers far outside of the training range.
 */
export function foldWarnings(fitted: FittedFold): readonly Problem[] {
  const columns = fitted.chosen.map((_, position) => columnOf(fitted, position));
  const trained = columns.filter((column) => column.trained !== null);
  const isConstant = ({ trained }: Column): boolean => trained?.[0] === trained?.[1];
  const numbers = trained.filter(({ kind, others }) => kind !== 'nominal' && others.length > 0);
  return [
    ...withoutValue(
      fitted,
      columns.filter((column) => column.trained === null),
    ),
    ...constant(fitted, numbers.filter(isConstant)),
    ...trained.filter(({ kind }) => kind === 'nominal').flatMap((column) => newCategories(fitted, column)),
    ...farOutside(
      fitted,
      numbers.filter((column) => !isConstant(column)),
    ),
  ];
}

function columnOf({ table, chosen, columns, training, rows }: FittedFold, position: number): Column {
  const at = chosen[position] as number;
  const column = columns[position] as FittedColumn;
  const observed = columnCells(table, at, training);
  let [low, high] = [Infinity, -Infinity];
  for (const cell of observed) {
    if (cell < low) low = cell;
    if (cell > high) high = cell;
  }
  const categories = column.kind === 'nominal' ? new Set(observed) : null;
  const isOther = (cell: number): boolean => categories?.has(cell) === false || cell < low || cell > high;
  const others = columnCells(table, at, rows).filter((cell) => !Number.isNaN(cell) && isOther(cell));
  return { ...column, trained: low > high ? null : [low, high], others: [...others] };
}

const warning = (
  { fold, modality }: FittedFold,
  column: string | null,
  reason: string,
  fix: string,
  severity: Problem['severity'] = 'warning',
): Problem => ({
  ...{ severity, stage: 'preprocess', patient: null, file: null },
  place: `fold ${fold}, ${modality}${column === null ? '' : `.${column}`}`,
  ...{ reason, fix },
});

const names = (columns: readonly Column[]): string => quotedFirst(columns.map(({ name }) => name));
const cellsOf = (columns: readonly Column[]): number =>
  columns.reduce((sum, { others }) => sum + others.length, 0);

function withoutValue(fitted: FittedFold, columns: readonly Column[]): readonly Problem[] {
  if (columns.length === 0) return [];
  const cells = cellsOf(columns);
  return [
    warning(
      fitted,
      null,
      `No training patient has a value of ${columns.length === fitted.chosen.length ? 'any column' : names(columns)}; ` +
        `all cells count as missing and become 0 in this fold${cells === 0 ? '' : `, ${counted(cells, 'cell')} with a value among them`}.`,
      `Remove the column from the ${fitted.modality} table, or lower cv.folds so that more patients train.`,
    ),
  ];
}

/** A column with only one value in training: its weights were never trained on another value. */
function constant(fitted: FittedFold, columns: readonly Column[]): readonly Problem[] {
  if (columns.length === 0) return [];
  const used = fitted.options.untrained !== 'missing';
  return [
    warning(
      fitted,
      null,
      `All training patients have the same value of ${names(columns)}, but another value is in ${counted(cellsOf(columns), 'cell')} of other patients${exampleOf(columns)}. The fold learns nothing about it: ` +
        (used ? 'it is used with a weight that was not trained.' : 'it counts as missing.'),
      used
        ? 'Set tabular.untrained: missing to leave such cells out of the scores.'
        : 'Remove the column, or lower cv.folds so that more patients train.',
      used ? 'info' : 'warning',
    ),
  ];
}

function exampleOf([first]: readonly Column[]): string {
  const [value] = first?.others ?? [];
  return first === undefined || value === undefined ? '' : ` ("${first.name}": ${value})`;
}

function newCategories(fitted: FittedFold, { name, categories = [], others }: Column): readonly Problem[] {
  if (others.length === 0) return [];
  const words = [...new Set(others)].map((cell) => categories[cell] ?? String(cell));
  const used = fitted.options.untrained !== 'missing';
  return [
    warning(
      fitted,
      name,
      `${others.length === 1 ? '1 patient has' : `${others.length} patients have`} a category that no training patient has: ${quotedFirst(words)}. The fold learns nothing about it: ` +
        (used ? 'it is used with a weight that was not trained.' : 'it counts as missing.'),
      used
        ? 'Join rare categories in the file, or set tabular.untrained: missing.'
        : 'Join rare categories in the file, or lower cv.folds so that more patients train.',
    ),
  ];
}

/**
 * Numbers that `tabular.bound` clipped. Those that `tabular.clip` clips are not reported, because the user asked for
 * this clipping.
 */
function farOutside(fitted: FittedFold, columns: readonly Column[]): readonly Problem[] {
  const { clip, bound } = fitted.options;
  if (clip || bound === null || bound === undefined) return [];
  const far = columns.flatMap((column) => {
    const cells = column.others.filter((cell) => readAs(column, cell) !== cell);
    return cells.length === 0 ? [] : [{ ...column, others: cells }];
  });
  const [first] = far;
  if (first === undefined) return [];
  const [value = NaN] = first.others;
  const [low, high] = first.trained ?? [];
  return [
    warning(
      fitted,
      far.length === 1 ? first.name : null,
      `${counted(cellsOf(far), 'cell')} of ${names(far)} lie far outside of what the training patients have ("${first.name}": ${value}, in training ${low} to ${high}); ` +
        `they are limited to ${bound} training ranges beyond the training range ("${first.name}": ${readAs(first, value)}).`,
      'Correct the cells, add a code for "missing" to data.patients.missing, or change tabular.bound.',
    ),
  ];
}
