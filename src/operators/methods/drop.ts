import type { FusionMethod } from './method.js';

/** Random-modality drop: the all-modality MLP trained with the full eq. 11, no alignment (method.md 8.1). */
export const drop = {
  id: 'drop',
  title: 'Random-Modality Drop',
  kind: 'fusion',
  embedding: 'projected',
  randomDrop: true,
  needs: [],
  head: async () => (await import('../heads/mlp.js')).mlpHead,
  paper: { table: 'Table 1', accuracy: [0.748, 0.074], auc: [0.715, 0.099] },
} as const satisfies FusionMethod;
