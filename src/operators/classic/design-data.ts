import { z } from 'zod';

/** How a column of a table is converted to numbers, fitted on training patients. A column without a training value is left out. */
const designColumnSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('number'),
    name: z.string(),
    /** Mean of the training patients. It replaces a missing cell. */
    mean: z.number(),
    /** Smallest and largest value of the training patients. */
    range: z.tuple([z.number(), z.number()]),
    /** The words for the codes 0, 1, ... of binary columns and ordered categories. Absent for plain numbers. */
    words: z.array(z.string()).exactOptional(),
    /** Whether a separate column marks missing cells. */
    mark: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal('category'),
    name: z.string(),
    /** The categories of training patients, as words. Each has a column of the matrix. */
    categories: z.array(z.string()).min(1),
    mark: z.boolean(),
  }),
]);
export type DesignColumn = z.infer<typeof designColumnSchema>;

/** The conversion of tables to the columns of a matrix. The matrix has the columns in the order of these lists. */
export const designSchema = z.strictObject({
  tables: z.array(
    z.strictObject({
      modality: z.string(),
      columns: z.array(designColumnSchema),
      /**
       * For a patient without a row in the table: the values of the matrix columns, which are the training means of
       * these columns. Without this key, all cells of such a patient count as missing.
       */
      absent: z.array(z.number()).exactOptional(),
    }),
  ),
});
export type Design = z.infer<typeof designSchema>;
