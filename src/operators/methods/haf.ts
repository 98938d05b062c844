import type { FusionMethod } from './method.js';

/** Heterogeneous Aligned Fusion: SVD alignment, then monotonic fusion with random modality drop (eq. 12). */
export const haf = {
  id: 'haf',
  title: 'HAF',
  kind: 'fusion',
  embedding: 'svd',
  randomDrop: true,
  needs: [],
  head: async () => (await import('../heads/mlp.js')).mlpHead,
  paper: { table: 'Table 1', accuracy: [0.745, 0.065], auc: [0.739, 0.092] },
} as const satisfies FusionMethod;
