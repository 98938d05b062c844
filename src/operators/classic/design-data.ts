import { z } from 'zod';

/** How a column of a table becomes numbers, fitted on training patients. A column without a training value is left out. */
const designColumnSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('number'),
    name: z.string(),
    /** Mean of the training patients: stands for a missing cell. */
    mean: z.number(),
    /** Smallest and largest value of the training patients. */
    range: z.tuple([z.number(), z.number()]),
    /** The words of 0, 1, ...: binary columns and ordered categories. Absent for plain numbers. */
    words: z.array(z.string()).exactOptional(),
    /** Whether a column of its own marks missing cells. */
    mark: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal('category'),
    name: z.string(),
    /** The categories that training patients have, as words; one column of the matrix for each. */
    categories: z.array(z.string()).min(1),
    mark: z.boolean(),
  }),
]);
export type DesignColumn = z.infer<typeof designColumnSchema>;

/** What turns tables into the columns of a matrix, in this order. */
export const designSchema = z.strictObject({
  tables: z.array(
    z.strictObject({
      modality: z.string(),
      columns: z.array(designColumnSchema),
      /** The columns of the matrix for a patient without a row: their training means. Without it, all cells of such a patient are missing. */
      absent: z.array(z.number()).exactOptional(),
    }),
  ),
});
export type Design = z.infer<typeof designSchema>;
