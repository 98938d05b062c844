import type { IdColumn } from './id-columns.js';

/**
 * The names for `data.patients.id`: the id column of the outcome table first, then those of other tables. A name is
 * excluded if a column of the outcome table that is not its id column has the same name. A table whose id column has an
 * excluded name is declared with the key `id`, which names the column.
 */
export function idNamesOf(outcome: IdColumn | null, others: readonly IdColumn[]): readonly string[] {
  if (outcome === null) return [];
  const clash = new Set(outcome.table.columns.filter((name) => name !== outcome.name));
  const names = [outcome.name, ...others.map(({ name }) => name)];
  return [...new Set(names)].filter((name) => !clash.has(name));
}
