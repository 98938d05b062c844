import type { FusionMethod } from './method.js';

/** CLIP alignment with random modality drop, the full eq. 11 (method.md 8.1). */
export const clipDrop = {
  id: 'clip_drop',
  title: 'CLIP + Random Drop',
  kind: 'fusion',
  embedding: 'clip',
  randomDrop: true,
  needs: ['WSI'],
  head: async () => (await import('../heads/mlp.js')).mlpHead,
  paper: { table: 'Table 1', accuracy: [0.741, 0.073], auc: [0.735, 0.097] },
} as const satisfies FusionMethod;
