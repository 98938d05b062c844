import type { FusionMethod } from './method.js';

/** MDLM: late fusion of one prediction per modality (method.md 8.5). */
export const mdlm = {
  id: 'mdlm',
  title: 'MDLM',
  kind: 'fusion',
  embedding: 'projected',
  randomDrop: false,
  needs: [],
  head: async () => (await import('../heads/mdlm.js')).mdlmHead,
  section: 'mdlm',
  paper: { table: 'Table 1', accuracy: [0.557, 0.145], auc: [0.626, 0.122] },
} as const satisfies FusionMethod;
