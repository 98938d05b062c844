import type { FusionMethod } from './method.js';

/** The rows that pool aligned vectors in place of the fusion network: mean, sum, element-wise maximum (method.md 8.3). */
const pooled = <Id extends string>(
  id: Id,
  title: string,
  how: 'mean' | 'sum' | 'max',
  accuracy: readonly [number, number],
  auc: readonly [number, number],
): FusionMethod & { readonly id: Id } => ({
  id,
  title,
  kind: 'fusion',
  embedding: 'svd',
  randomDrop: false,
  needs: [],
  section: 'pool',
  head: async () => (await import('../heads/pool.js')).poolHead(how),
  paper: { table: 'Table 1', accuracy, auc },
});

export const gaMean = pooled('ga_mean', 'GA + Mean Pool', 'mean', [0.606, 0.122], [0.7, 0.09]);
export const gaSum = pooled('ga_sum', 'GA + Sum Pool', 'sum', [0.636, 0.077], [0.717, 0.077]);
export const gaMax = pooled('ga_max', 'GA + Max Pool', 'max', [0.649, 0.101], [0.702, 0.106]);
