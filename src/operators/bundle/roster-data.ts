import { z } from 'zod';

export const rosterFile = 'roster.json';
/** Cells of a table, float64 row-major [patients, columns of the bundle]. NaN is a missing cell. */
export const rosterCellsFile = (modality: string): string => `cells-${modality}.f64`;

/** The output of `roster`: the patients to score, and their tables, which have the columns of the model. */
export const rosterSchema = z.strictObject({
  /** Ids of the patients to score, sorted. */
  patients: z.array(z.string()),
  /** The patients of each table, in the order of its cells. */
  tables: z.record(z.string(), z.array(z.string())),
  /**
   * Cells whose value does not fit the column of the training, for example an unknown category. They count as missing.
   */
  unread: z.array(
    z.strictObject({ modality: z.string(), patient: z.string(), column: z.string(), word: z.string() }),
  ),
});
export type Roster = z.infer<typeof rosterSchema>;
