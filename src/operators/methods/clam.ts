import type { BagModality } from '../../pipeline/core/modality.js';
import type { BagMethod, PaperResult } from './method.js';

/** The classifiers of the pathology encoders, without any fusion (method.md 8.1). The paper quotes two of the AUCs. */
const clam = <Id extends string>(
  id: Id,
  title: string,
  modalities: readonly BagModality[],
  accuracy: PaperResult['accuracy'],
  auc: PaperResult['auc'],
): BagMethod & { readonly id: Id } => ({
  id,
  title,
  kind: 'bag',
  modalities,
  needs: modalities,
  paper: { table: 'Table 1', accuracy, auc },
});

export const wsiClam = clam('wsi_clam', 'WSI-CLAM', ['WSI'], null, [0.65, null]);
export const tmaClam = clam('tma_clam', 'TMA-CLAM', ['TMA'], null, [0.52, null]);
/** One encoder on the union of both bags, slide instances first, without a flag of their source. */
export const wsiTmaClam = clam(
  'wsi_tma_clam',
  'WSI+TMA-CLAM',
  ['WSI', 'TMA'],
  [0.712, 0.087],
  [0.679, 0.119],
);
