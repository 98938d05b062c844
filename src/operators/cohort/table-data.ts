import { z } from 'zod';
import { tableModalities } from '../../pipeline/core/modality.js';

export const tablesFile = 'tables.json';

/** How a column is encoded (method.md 2.2): binary, nominal code, ordinal code, number. */
export const columnSchema = z.strictObject({
  name: z.string(),
  kind: z.enum(['binary', 'nominal', 'ordinal', 'numeric']),
  /** Nominal columns: every code of the whole file, ascending; the one-hot layout (method.md 2.3). */
  codes: z.array(z.number()).optional(),
});
export type Column = z.infer<typeof columnSchema>;

const cell = z.number().nullable();

export const targetSchema = z.strictObject({
  patient: z.string(),
  deceased: z.boolean(),
  /** `survival_status_with_cause` as written. */
  cause: z.string(),
  /** days_to_last_information, days. */
  followUpDays: cell,
});
export type Target = z.infer<typeof targetSchema>;

export const tableSchema = z.strictObject({
  columns: z.array(columnSchema),
  /** Cells in column order; null is a missing cell. */
  rows: z.array(z.strictObject({ patient: z.string(), cells: z.array(cell) })),
});
export type Table = z.infer<typeof tableSchema>;

/** What the `tables` stage writes: outcomes and the tables of the experiment's modalities. */
export const tablesSchema = z.strictObject({
  targets: z.array(targetSchema),
  tables: z.partialRecord(z.enum(tableModalities), tableSchema),
});
export type Tables = z.infer<typeof tablesSchema>;
