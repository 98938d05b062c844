import type { FusionMethod } from './method.js';

/** Global alignment: HAF without random drop, `L_fusion = l+` (method.md 8.1). */
export const ga = {
  id: 'ga',
  title: 'Global Alignment',
  kind: 'fusion',
  embedding: 'svd',
  randomDrop: false,
  needs: [],
  head: async () => (await import('../heads/mlp.js')).mlpHead,
  paper: { table: 'Table 1', accuracy: [0.752, 0.047], auc: [0.698, 0.127] },
} as const satisfies FusionMethod;
