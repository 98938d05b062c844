import type { ModalityId } from '../../pipeline/core/modality.js';
import { auc } from '../stats/auc.js';

/** A table as the guard looks at it: cells row by row, NaN where a cell is missing. */
export interface GuardedTable {
  readonly columns: readonly {
    readonly name: string;
    readonly kind: 'numeric' | 'binary' | 'nominal' | 'ordinal';
  }[];
  readonly patients: readonly string[];
  readonly cells: Float64Array;
}

/** Why a column looks like the outcome itself. */
export interface Leak {
  readonly modality: ModalityId;
  readonly column: string;
  /** `separates the outcome by itself, AUC 0.99 over 140 patients` */
  readonly because: string;
}

/** From here on a single column is no predictor but the outcome in other words. */
const separates = 0.95;
const fewestPatients = 20;

/** Columns with these words in their names tell of the outcome. `EFS` or `OS` alone may be the name of a gene. */
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
 * Columns of a table that most likely are the outcome: one that separates it alone, by its values or by where it is missing,
 * or one that is called like it. The AUC of a category is that of the share of events among the other patients in it.
 *
 * @param outcomeColumns names of the columns of the event and its time
 * @param allowed `<modality>.<column>` of columns that may stay
 */
export function leaksOf(
  modality: ModalityId,
  { columns, patients, cells }: GuardedTable,
  labels: ReadonlyMap<string, 0 | 1>,
  outcomeColumns: readonly string[],
  allowed: readonly string[],
): readonly Leak[] {
  const own = outcomeColumns.map(plainName);
  const rows = patients.flatMap((id, row) => {
    const y = labels.get(id);
    return y === undefined ? [] : [{ row, y }];
  });
  return columns.flatMap(({ name, kind }, at): Leak[] => {
    if (allowed.includes(`${modality}.${name}`)) return [];
    if (own.includes(plainName(name)) || outcomeNames.some((pattern) => pattern.test(name)))
      return [{ modality, column: name, because: 'is called like an outcome' }];
    const valueOf = (row: number): number => cells[row * columns.length + at] as number;
    const known = rows.flatMap(({ row, y }) =>
      Number.isNaN(valueOf(row)) ? [] : [{ value: valueOf(row), y }],
    );
    const byValue = kind === 'nominal' ? aucRising(byCategory(known)) : aucOf(known);
    if (known.length >= fewestPatients && byValue !== null && byValue > separates)
      return [{ modality, column: name, because: describe('by itself', byValue, known.length) }];
    const missing = rows.map(({ row, y }) => ({ value: Number.isNaN(valueOf(row)) ? 1 : 0, y }));
    const byGap = aucOf(missing);
    if (missing.length >= fewestPatients && byGap !== null && byGap > separates)
      return [{ modality, column: name, because: describe('by where it is missing', byGap, missing.length) }];
    return [];
  });
}

const describe = (how: string, auc: number, patients: number): string =>
  `separates the outcome ${how}, AUC ${auc.toFixed(3)} over ${patients} patients`;

interface Scored {
  readonly value: number;
  readonly y: 0 | 1;
}

/** The share of events among the other patients of the same category. */
function byCategory(known: readonly Scored[]): readonly Scored[] {
  const totals = new Map<number, { count: number; events: number }>();
  for (const { value, y } of known) {
    const total = totals.get(value) ?? { count: 0, events: 0 };
    totals.set(value, { count: total.count + 1, events: total.events + y });
  }
  return known.map(({ value, y }) => {
    const { count, events } = totals.get(value) ?? { count: 1, events: 0 };
    return { value: count === 1 ? 0.5 : (events - y) / (count - 1), y };
  });
}

/**
 * AUC of values that rise with the outcome; null with one class. The direction matters for `byCategory`: within a category
 * a patient with the event has a lower share of events among the others, so without any signal this AUC is near 0.
 */
const aucRising = (scored: readonly Scored[]): number | null =>
  auc(
    scored.map(({ y }) => y),
    scored.map(({ value }) => value),
  );

/** AUC of values against labels, whichever direction is above one half; null with one class. */
function aucOf(scored: readonly Scored[]): number | null {
  const one = aucRising(scored);
  return one === null ? null : Math.max(one, 1 - one);
}
