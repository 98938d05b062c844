import type { FusionMethod } from './method.js';

/** CLIP alignment: as `ga`, with each modality contrasted with the slide in place of the SVD (method.md 8.2). */
export const clip = {
  id: 'clip',
  title: 'CLIP Alignment',
  kind: 'fusion',
  embedding: 'clip',
  randomDrop: false,
  needs: ['WSI'],
  head: async () => (await import('../heads/mlp.js')).mlpHead,
  paper: { table: 'Table 1', accuracy: [0.741, 0.074], auc: [0.697, 0.103] },
} as const satisfies FusionMethod;
