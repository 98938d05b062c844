import type { ModalityId } from '../../pipeline/core/modality.js';
import type { ColumnKind } from '../tables/typed-column.js';
import { columnCells } from '../tables/typed-table.js';
import { aucOfClasses } from '../stats/auc.js';
import { normalTwoSided } from '../stats/tail-probability.js';

/** A table for the leakage check: cells row by row, NaN if a cell is missing. */
export interface GuardedTable {
  readonly columns: readonly { readonly name: string; readonly kind: ColumnKind }[];
  readonly patients: readonly string[];
  readonly cells: Float64Array;
}

/** The reason why a column looks like the outcome itself. */
export interface Leak {
  readonly modality: ModalityId;
  readonly column: string;
  /** For example `separates the outcome by itself, AUC 0.99 over 140 patients`. */
  readonly because: string;
}

/**
 * AUC of a single column above which the column is taken for a restatement of the outcome and not for a predictor.
 */
const separates = 0.95;
const fewestPatients = 20;
/**
 * The expected number of columns of a table that the check refuses by chance, although they have no relation to the
 * outcome.
 */
const chanceAllowed = 0.05;

/**
 * Columns with these words in their names are about the outcome. `EFS` or `OS` alone may be the name of a gene, so
 * they are not in the list.
 */
const outcomeNames = [
  /vital[ _.-]?status/i,
  /(^|[^a-z])surviv/i,
  /(^|[^a-z])(deceased|death|died)([^a-z]|$)/i,
  /days[ _.-]to[ _.-](death|last|event|recurrence)/i,
  /follow[ _.-]?up/i,
  /^(os|pfs|dfs|dss|rfs|efs|mfs|ttp)[ _.-](status|event|months?|days|years|time)$/i,
];

const plainName = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/**
 * Leakage check: columns of a table that most likely are the outcome. Such a column has the name of an outcome, or it
 * separates the outcome without other columns: by its values, or by which of its cells are missing. In a nominal
 * column, the AUC is computed from fractions: the value of a patient is the fraction of events among the other patients
 * of the same category.
 *
 * @param outcomeColumns names of the columns of the event and its time
 * @param allowed `<modality>.<column>` of columns that may stay
 */
export function leaksOf(
  modality: ModalityId,
  table: GuardedTable,
  labels: ReadonlyMap<string, 0 | 1>,
  outcomeColumns: readonly string[],
  allowed: readonly string[],
): readonly Leak[] {
  const { columns, patients } = table;
  const own = outcomeColumns.map(plainName);
  const rows: readonly [negative: number[], positive: number[]] = [[], []];
  patients.forEach((id, row) => {
    const y = labels.get(id);
    if (y !== undefined) rows[y].push(row);
  });
  const labelled = rows[0].length + rows[1].length;
  const convicts = (auc: number, known: Classes): boolean =>
    auc > separates && columns.length * byChance(auc, known) < chanceAllowed;
  return columns.flatMap(({ name, kind }, at): Leak[] => {
    if (allowed.includes(`${modality}.${name}`)) return [];
    if (own.includes(plainName(name)) || outcomeNames.some((pattern) => pattern.test(name)))
      return [{ modality, column: name, because: 'is called like an outcome' }];
    if (labelled < fewestPatients) return [];
    const known = rows.map((some) =>
      columnCells(table, at, some).filter((cell) => !Number.isNaN(cell)),
    ) as unknown as Classes;
    const count = known[0].length + known[1].length;
    const byValue = kind === 'nominal' ? aucOfClasses(...byCategory(known)) : aucEitherWay(known);
    if (count >= fewestPatients && byValue !== null && convicts(byValue, known))
      return [{ modality, column: name, because: describe('by itself', byValue, count) }];
    // The AUC of a value that is 1 if the cell is missing and 0 if not. `shares` are the fractions of known cells among
    // the patients without the event, and among those with it.
    const shares = rows.map((some, y) => (known[y]?.length ?? 0) / some.length);
    const byGap = 0.5 + Math.abs((shares[0] ?? 0) - (shares[1] ?? 0)) / 2;
    if (
      count < labelled &&
      convicts(byGap, [new Float64Array(rows[0].length), new Float64Array(rows[1].length)])
    )
      return [{ modality, column: name, because: describe('by where it is missing', byGap, labelled) }];
    return [];
  });
}

/** One value of each patient: first of the patients without the event, then of the patients with the event. */
type Classes = readonly [negative: Float64Array, positive: Float64Array];

/**
 * Probability that a column without relation to the outcome has an AUC this high, in either direction (normal
 * approximation of the Mann-Whitney statistic). Among 15,000 genes of 30 patients some separate the outcome by
 * chance.
 */
function byChance(auc: number, [negative, positive]: Classes): number {
  const [n, m] = [negative.length, positive.length];
  const deviation = Math.sqrt((n + m + 1) / (12 * n * m));
  return normalTwoSided((auc - 0.5) / deviation);
}

const describe = (how: string, auc: number, patients: number): string =>
  `separates the outcome ${how}, AUC ${auc.toFixed(3)} over ${patients} patients`;

/**
 * For each patient, the fraction of events among the other patients of the same category. The caller must not take
 * 1 - AUC for a low AUC of these fractions: within a category the patients with the event have lower fractions than the
 * patients without it. So the AUC is near 0 for a column without any relation to the outcome.
 */
function byCategory([negative, positive]: Classes): Classes {
  const totals = new Map<number, { count: number; events: number }>();
  const count = (values: Float64Array, event: 0 | 1): void =>
    values.forEach((value) => {
      const total = totals.get(value) ?? { count: 0, events: 0 };
      totals.set(value, { count: total.count + 1, events: total.events + event });
    });
  count(negative, 0);
  count(positive, 1);
  const shares = (values: Float64Array, event: 0 | 1): Float64Array =>
    values.map((value) => {
      const total = totals.get(value) ?? { count: 1, events: 0 };
      return total.count === 1 ? 0.5 : (total.events - event) / (total.count - 1);
    });
  return [shares(negative, 0), shares(positive, 1)];
}

/** AUC of values against labels, in the direction that gives at least one half. Null if one class is empty. */
function aucEitherWay(known: Classes): number | null {
  const one = aucOfClasses(...known);
  return one === null ? null : Math.max(one, 1 - one);
}
