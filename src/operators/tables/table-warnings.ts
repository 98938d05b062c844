import type { Problem } from '../../pipeline/core/problem.js';
import { quotedFirst } from '../../pipeline/core/wording.js';
import type { Sentinel } from './sentinels.js';

/**
 * Collects warnings of the columns of one table. Columns that are left out for the same reason share one warning.
 * Columns that contain the same number also share one warning if this number may be a code for "missing".
 */
export interface TableWarnings {
  leftOut(column: string, reason: 'constant' | 'missing'): void;
  sentinels(column: string, found: readonly Sentinel[]): void;
  column(column: string, warning: string): void;
  problems(): readonly Problem[];
}

/** @param notes - notes for the user on how the file was read */
export function tableWarnings(file: string, notes: readonly string[]): TableWarnings {
  const left = { constant: [] as string[], missing: [] as string[] };
  const sentinels = new Map<number, { columns: string[]; count: number }>();
  const others: Problem[] = [];
  const problem = (
    place: string | null,
    reason: string,
    fix: string,
    severity: Problem['severity'] = 'warning',
  ): Problem => ({
    ...{ severity, stage: 'tables', patient: null, file, place, reason, fix },
  });
  return {
    leftOut: (column, reason) => left[reason].push(column),
    sentinels: (column, found) => {
      for (const { value, count } of found) {
        const seen = sentinels.get(value) ?? { columns: [], count: 0 };
        seen.columns.push(column);
        sentinels.set(value, { columns: seen.columns, count: seen.count + count });
      }
    },
    column: (column, warning) =>
      others.push(
        problem(
          column,
          `Column "${column}" ${warning}.`,
          'Correct the file, or declare the column under "columns".',
        ),
      ),
    problems: () => [
      ...notes.map((note) => problem(null, note, 'Check a few values of the table.', 'info')),
      ...(left.constant.length === 0
        ? []
        : [
            problem(
              placeOf(left.constant),
              `${listed(left.constant)} with the same value for all patients: left out.`,
              'Declare it "ignore" if that is right.',
            ),
          ]),
      ...(left.missing.length === 0
        ? []
        : [
            problem(
              placeOf(left.missing),
              `${listed(left.missing)} without any value: left out.`,
              'Declare it "ignore" if that is right.',
            ),
          ]),
      ...[...sentinels].map(([value, { columns, count }]) =>
        problem(
          placeOf(columns),
          `${listed(columns)} with the number ${value} in ${count} cells: a code for "missing"? It is used as a value.`,
          `Add "${value}" to data.patients.missing if it means "missing".`,
        ),
      ),
      ...others,
    ],
  };
}

const placeOf = (columns: readonly string[]): string | null =>
  columns.length === 1 ? (columns[0] ?? null) : null;

const listed = (columns: readonly string[]): string =>
  `${columns.length === 1 ? 'Column' : 'Columns'} ${quotedFirst(columns)}`;
