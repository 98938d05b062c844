import type { FusionMethod } from './method.js';

/** PS3: attention over modality tokens (method.md 8.4). */
export const ps3 = {
  id: 'ps3',
  title: 'PS3',
  kind: 'fusion',
  embedding: 'projected',
  randomDrop: false,
  needs: [],
  head: async () => (await import('../heads/ps3.js')).ps3Head,
  paper: { table: 'Table 1', accuracy: [0.626, 0.123], auc: [0.718, 0.117] },
} as const satisfies FusionMethod;
