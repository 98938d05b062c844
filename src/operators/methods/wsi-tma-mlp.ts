import type { FusionMethod } from './method.js';

/** The fusion MLP over the two pathology modalities alone (method.md 8.1). */
export const wsiTmaMlp = {
  id: 'wsi_tma_mlp',
  title: 'WSI+TMA Fusion MLP',
  kind: 'fusion',
  embedding: 'projected',
  randomDrop: false,
  needs: ['WSI', 'TMA'],
  head: async () => (await import('../heads/mlp.js')).mlpHead,
  modalities: ['WSI', 'TMA'],
  paper: { table: 'Table 1', accuracy: [0.739, 0.041], auc: [0.668, 0.133] },
} as const satisfies FusionMethod;
