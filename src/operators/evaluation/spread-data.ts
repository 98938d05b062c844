import { z } from 'zod';

/** Mean and population standard deviation over the folds in which the metric is defined. */
export const spreadSchema = z.strictObject({
  mean: z.number().nullable(),
  std: z.number().nullable(),
  folds: z.number().int(),
});
export type Spread = z.infer<typeof spreadSchema>;

/** AUC of the test predictions of all folds together, with DeLong's 95 % interval. */
export const pooledAucSchema = z.strictObject({
  value: z.number().nullable(),
  ci95: z.tuple([z.number(), z.number()]).nullable(),
  /** Why `value` or `ci95` is null. */
  reason: z.string().exactOptional(),
});
export type PooledAuc = z.infer<typeof pooledAucSchema>;
