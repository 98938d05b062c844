import { z } from 'zod';

export const splitsFile = 'splits.json';

const ids = z.array(z.string());
export const foldSchema = z.strictObject({
  train: ids,
  val: ids,
  test: ids,
  /** With `cv.mode: groups`: the common value of `cv.group` of all test patients. */
  group: z.string().optional(),
});
/** The ids of the training, validation and test patients of one fold. These three sets never overlap. */
export type Fold = z.infer<typeof foldSchema>;

/** The output of the `split` stage. `hash` identifies the folds, which every method of a run uses. */
export const splitsSchema = z.strictObject({ folds: z.array(foldSchema), hash: z.string() });
export type Splits = z.infer<typeof splitsSchema>;
