import type { InstanceMethod } from './method.js';

/** MFMF: tabular tokens attend to the instances of the bags, one cross-attention block per bag (method.md 8.6). */
export const mfmf = {
  id: 'mfmf',
  title: 'MFMF',
  kind: 'instances',
  needs: [],
  paper: { table: 'Table 1', accuracy: [0.675, 0.089], auc: [0.732, 0.127] },
} as const satisfies InstanceMethod;
