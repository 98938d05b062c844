import { z } from 'zod';

export const splitsFile = 'splits.json';

const ids = z.array(z.string());
export const foldSchema = z.strictObject({
  train: ids,
  val: ids,
  test: ids,
  /** With `cv.mode: groups`: the value of `cv.group` that all test patients have. */
  group: z.string().optional(),
});
/** The patients of one fold, by id; the three sets never overlap. */
export type Fold = z.infer<typeof foldSchema>;

/** What the `split` stage writes; `hash` names the folds, every method of a run uses the same. */
export const splitsSchema = z.strictObject({ folds: z.array(foldSchema), hash: z.string() });
export type Splits = z.infer<typeof splitsSchema>;
