import type { ModalityId } from '../../pipeline/core/modality.js';
import { quantile } from '../stats/quantile.js';
import type { TypedColumn } from '../tables/typed-column.js';
import type { TypedTable } from '../tables/typed-table.js';

/** Maximum number of columns of one table that are described. The remaining columns are only counted. */
export const mostColumns = 30;
/** Maximum number of categories of one column that are described: the most frequent categories. */
export const mostCategories = 12;

/** A value for all patients and for those of each outcome. */
export interface ByOutcome<T> {
  readonly all: T;
  readonly positive: T;
  readonly negative: T;
}

export interface Quartiles {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export interface CategoryCount {
  readonly category: string;
  readonly counts: ByOutcome<number>;
}

/** One column of a table, over the patients of the cohort who have a row in it. */
export interface Characteristic {
  readonly column: string;
  readonly kind: TypedColumn['kind'];
  /** `known`: number of patients with a value in this column. `missing`: number of patients whose cell is missing. */
  readonly known: ByOutcome<number>;
  readonly missing: ByOutcome<number>;
  /** Median and quartiles. Null for categories, and for a group without a value. */
  readonly quartiles: ByOutcome<Quartiles | null> | null;
  /** The categories with their counts. Null for a column of numbers. */
  readonly categories: readonly CategoryCount[] | null;
  /** Number of categories that are not listed. */
  readonly otherCategories: number;
}

export interface TableCharacteristics {
  readonly modality: ModalityId;
  /** Number of patients of the cohort with a row in the table. */
  readonly patients: ByOutcome<number>;
  readonly columns: readonly Characteristic[];
  /** Number of columns that are not described. */
  readonly otherColumns: number;
}

type Labels = ReadonlyMap<string, 0 | 1>;

/**
 * Computes a value for all patients and for each outcome. `of` computes it from the patients whose outcome `keeps`
 * accepts.
 */
export const byOutcome = <T>(of: (keeps: (y: 0 | 1) => boolean) => T): ByOutcome<T> => ({
  all: of(() => true),
  positive: of((y) => y === 1),
  negative: of((y) => y === 0),
});

/** Describes the first columns of a table by outcome. */
export function characteristicsOf(
  modality: ModalityId,
  table: TypedTable,
  labels: Labels,
): TableCharacteristics {
  const rows = table.patients.flatMap((patient, row) => {
    const y = labels.get(patient);
    return y === undefined ? [] : [{ row, y }];
  });
  return {
    modality,
    patients: byOutcome((keeps) => rows.filter(({ y }) => keeps(y)).length),
    columns: table.columns.slice(0, mostColumns).map((column, at) => {
      const cells = rows.map(({ row, y }) => ({
        y,
        value: table.cells[row * table.columns.length + at] as number,
      }));
      return characteristicOf(column, cells);
    }),
    otherColumns: Math.max(0, table.columns.length - mostColumns),
  };
}

interface Cell {
  readonly y: 0 | 1;
  /** NaN is a missing cell. */
  readonly value: number;
}

function characteristicOf(column: TypedColumn, cells: readonly Cell[]): Characteristic {
  const { name, kind } = column;
  const known = cells.filter(({ value }) => !Number.isNaN(value));
  const categories = countsNumbers(column) ? null : categoriesOf(column, known);
  return {
    column: name,
    kind,
    known: byOutcome((keeps) => known.filter(({ y }) => keeps(y)).length),
    missing: byOutcome((keeps) => cells.filter(({ y, value }) => keeps(y) && Number.isNaN(value)).length),
    quartiles:
      categories === null
        ? byOutcome((keeps) => quartilesOf(known.filter(({ y }) => keeps(y)).map(({ value }) => value)))
        : null,
    categories: categories?.slice(0, mostCategories) ?? null,
    otherCategories: Math.max(0, (categories?.length ?? 0) - mostCategories),
  };
}

/** Whether the cells of a column are quantities, so that a median has a meaning. */
const countsNumbers = ({ kind, categories }: TypedColumn): boolean =>
  kind === 'numeric' || (kind === 'ordinal' && categories === undefined);

/** The quartiles of some values. Null if there is no value. */
export function quartilesOf(values: readonly number[]): Quartiles | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
}

/** Ordinal and binary categories in their order, nominal ones by frequency. */
function categoriesOf({ kind, categories }: TypedColumn, known: readonly Cell[]): readonly CategoryCount[] {
  const values =
    categories?.map((_, k) => k) ?? [...new Set(known.map(({ value }) => value))].sort((a, b) => a - b);
  const counted = values.map((value) => ({
    category: categories?.[value] ?? String(value),
    counts: byOutcome((keeps) => known.filter((cell) => cell.value === value && keeps(cell.y)).length),
  }));
  return kind === 'nominal' ? counted.toSorted((a, b) => b.counts.all - a.counts.all) : counted;
}
