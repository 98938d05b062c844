import type { Summary, SummaryRow } from '../evaluation/summary-data.js';
import { methodOf } from '../methods/registry.js';
import { paperTables } from '../paper/paper-tables.js';

type Skipped = Summary['skipped'][number];

/** A group of rows of the result table under one title. */
export interface RowGroup {
  readonly title: string;
  readonly rows: readonly SummaryRow[];
  readonly skipped: readonly Skipped[];
}

const kinds = ['fusion', 'single', 'attached', 'own', 'classic'] as const;
export type MethodGroup = (typeof kinds)[number];

export const methodGroupTitles: Readonly<Record<MethodGroup, string>> = {
  fusion: 'Fusion of modalities',
  single: 'One kind of data alone',
  attached: 'Fusion without detachment',
  own: 'Fusion of our own',
  classic: 'Classical models',
};

/**
 * The group of a method: fusion of modalities, one kind of data, an attached method (its loss trains all its parts), a
 * fusion method of this repository, or a classical model.
 */
export function methodGroupOf(id: string): MethodGroup {
  const method = methodOf(id);
  switch (method.kind) {
    case 'fusion':
      if (method.own === true) return 'own';
      return method.attached === true ? 'attached' : 'fusion';
    case 'instances':
      return 'fusion';
    case 'bag':
    case 'single':
      return 'single';
    case 'classic':
      return 'classic';
  }
}

/** The rows of a run in groups: for HANCOCK by the tables of the paper, otherwise by what the methods read. */
export function rowGroups({ rows, skipped, paper }: Summary): readonly RowGroup[] {
  const entries = [
    ...rows.map((row) => ({ method: row.method, row, skipped: null })),
    ...skipped.map((one) => ({ method: one.method, row: null, skipped: one })),
  ];
  const groups = paper === null ? byKind(entries) : paperTables(entries);
  return groups.map((group) => ({
    title: group.title,
    rows: group.rows.flatMap(({ row }) => row ?? []),
    skipped: group.rows.flatMap((one) => one.skipped ?? []),
  }));
}

const byKind = <T extends { readonly method: string }>(
  entries: readonly T[],
): readonly { readonly title: string; readonly rows: readonly T[] }[] =>
  kinds
    .map((kind) => ({
      title: methodGroupTitles[kind],
      rows: entries.filter(({ method }) => methodGroupOf(method) === kind),
    }))
    .filter(({ rows }) => rows.length > 0);
