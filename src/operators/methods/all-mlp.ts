import type { FusionMethod } from './method.js';

/** All-modality fusion MLP: a linear map per modality, then the fusion network (method.md 8.1). */
export const allMlp = {
  id: 'all_mlp',
  title: 'All-Modality Fusion MLP',
  kind: 'fusion',
  embedding: 'projected',
  randomDrop: false,
  needs: [],
  head: async () => (await import('../heads/mlp.js')).mlpHead,
  paper: { table: 'Table 1', accuracy: [0.748, 0.046], auc: [0.694, 0.113] },
} as const satisfies FusionMethod;
