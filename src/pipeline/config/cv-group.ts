import type { Config } from './schema.js';

/** The first part of `cv.group` that stands for the outcome table. */
export const outcomeTable = 'outcome';

/** The table and the column that `cv.group` names. */
export interface GroupColumn {
  /** A table modality, or `outcome`. */
  readonly table: string;
  readonly column: string;
}

/** Takes `Clin.SITE` apart. The name of a modality has no dot; the name of a column may have some. */
export function groupColumn({ group }: Pick<Config['cv'], 'group'>): GroupColumn | null {
  if (group === null) return null;
  const dot = group.indexOf('.');
  return { table: group.slice(0, dot), column: group.slice(dot + 1) };
}
