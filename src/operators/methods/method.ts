import type { Modality, TableModality } from '../../pipeline/core/modality.js';

/** Accuracy and AUC as the paper prints them, mean and standard deviation over its ten folds. */
export interface PaperResult {
  readonly table: string;
  readonly accuracy: readonly [mean: number, std: number] | null;
  readonly auc: readonly [mean: number, std: number] | null;
}

interface MethodBase {
  readonly id: string;
  /** Row label in tables and reports. */
  readonly title: string;
  readonly paper: PaperResult;
}

/**
 * A fusion network over the embeddings of all modalities (method.md 6, 8).
 * `aligned`: embeddings are `u` of Stage 2, frozen. `projected`: one linear map per modality, trained with the
 * fusion loss on `z` of Stage 1 and the table vectors.
 */
export interface FusionMethod extends MethodBase {
  readonly kind: 'fusion';
  readonly embedding: 'aligned' | 'projected';
  /** Random modality drop with the monotonic loss (eq. 10-11). */
  readonly randomDrop: boolean;
}

/** A two-layer network on one clinical table (Table 2, method.md 8.8). */
export interface SingleTableMethod extends MethodBase {
  readonly kind: 'single';
  readonly modality: TableModality;
}

/** One row of the result table: what it is made of. The training code is Stage 3. */
export type Method = FusionMethod | SingleTableMethod;

/** The modalities a method looks at, of those the experiment has. */
export const modalitiesOf = (method: Method, available: readonly Modality[]): readonly Modality[] =>
  method.kind === 'fusion' ? available : available.filter((modality) => modality === method.modality);
