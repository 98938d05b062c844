import type { IdColumn } from './id-columns.js';

/**
 * The names that `data.patients.id` lists: the id column of the outcome table first, then those of other tables. A name that
 * stands beside the id column of the outcome table is none of them; the table that uses it names its id column itself.
 */
export function idNamesOf(outcome: IdColumn | null, others: readonly IdColumn[]): readonly string[] {
  if (outcome === null) return [];
  const clash = new Set(outcome.table.columns.filter((name) => name !== outcome.name));
  const names = [outcome.name, ...others.map(({ name }) => name)];
  return [...new Set(names)].filter((name) => !clash.has(name));
}
