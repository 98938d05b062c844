import type { FusionMethod } from './method.js';

/** Bilinear interaction of all ordered pairs of modalities (method.md 8.7). */
export const bilinear = {
  id: 'bilinear',
  title: 'Bilinear Interaction',
  kind: 'fusion',
  embedding: 'projected',
  randomDrop: false,
  needs: [],
  head: async () => (await import('../heads/bilinear.js')).bilinearHead,
  paper: { table: 'Table 1', accuracy: [0.682, 0.101], auc: [0.684, 0.119] },
} as const satisfies FusionMethod;
