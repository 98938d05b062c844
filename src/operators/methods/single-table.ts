import type { SingleTableMethod } from './method.js';

/** The five rows of Table 2: a two-layer network on one clinical table each (method.md 8.8). */
const single = <Id extends string>(
  id: Id,
  title: string,
  modality: SingleTableMethod['modality'],
  accuracy: readonly [number, number],
  auc: readonly [number, number],
): SingleTableMethod & { readonly id: Id } => ({
  id,
  title,
  kind: 'single',
  modality,
  needs: [modality],
  paper: { table: 'Table 2', accuracy, auc },
});

export const blood = single('blood', 'Blood', 'Blood', [0.703, 0.06], [0.644, 0.111]);
export const clinical = single('clinical', 'Clinical', 'Clin', [0.632, 0.076], [0.603, 0.117]);
export const icd = single('icd', 'ICD codes', 'ICD', [0.626, 0.106], [0.581, 0.076]);
export const pathological = single('pathological', 'Pathological', 'Path', [0.665, 0.091], [0.65, 0.14]);
export const cellDensity = single('cell_density', 'TMA cell density', 'Cell', [0.645, 0.106], [0.55, 0.135]);
