import type { IdColumn } from './id-columns.js';

/**
 * The names for `data.patients.id`: the id column of the outcome table first, then those of other tables. A name is
 * excluded if the outcome table also has a column of this name that is not its id column; the declaration of a table
 * with this id column then names the column (`id`).
 */
export function idNamesOf(outcome: IdColumn | null, others: readonly IdColumn[]): readonly string[] {
  if (outcome === null) return [];
  const clash = new Set(outcome.table.columns.filter((name) => name !== outcome.name));
  const names = [outcome.name, ...others.map(({ name }) => name)];
  return [...new Set(names)].filter((name) => !clash.has(name));
}
