import type { Alignment } from '../../pipeline/core/alignment.js';
import type { BagModality, Modality, TableModality } from '../../pipeline/core/modality.js';
import type { HeadModule } from '../heads/head.js';

/** Mean and standard deviation over the paper's ten folds; a number it only quotes has no deviation. */
export type PaperSpread = readonly [mean: number, std: number | null];

/** Accuracy and AUC as the paper prints them. */
export interface PaperResult {
  readonly table: string;
  readonly accuracy: PaperSpread | null;
  readonly auc: PaperSpread | null;
}

/** Where a method stands that the paper does not have: in a table of its own, beside no numbers. */
export const beyondPaper: PaperResult = { table: 'Beyond the paper', accuracy: null, auc: null };

interface MethodBase {
  readonly id: string;
  /** Row label in tables and reports. */
  readonly title: string;
  readonly paper: PaperResult;
  /** Modalities without which the row means nothing: an experiment that lacks one leaves the row out and says so. */
  readonly needs: readonly Modality[];
}

/** A head over one embedding per modality (method.md 6, 8). */
export interface FusionMethod extends MethodBase {
  readonly kind: 'fusion';
  /**
   * What the head reads: latent vectors u of an alignment, or one linear map per modality, learned with the head, of z
   * and the table vectors.
   */
  readonly embedding: Alignment | 'projected';
  /** The modalities it looks at; all of the experiment when not given. */
  readonly modalities?: readonly Modality[];
  /** Random modality drop with the monotonic loss (eq. 10-11). */
  readonly randomDrop: boolean;
  /** A row of Table 3: gradients flow through all stages, whatever the experiment says, so it is trained jointly. */
  readonly attached?: true;
  /** Config section of its own, besides `fusion`. */
  readonly section?: 'pool' | 'mdlm';
  readonly head: () => Promise<HeadModule>;
}

/** The classifier of a Stage-1 encoder (CLAM), over the bags of one modality or the union of several (method.md 8.1). */
export interface BagMethod extends MethodBase {
  readonly kind: 'bag';
  readonly modalities: readonly BagModality[];
}

/** A network over instances and table vectors, without encoders: one training job from bags to scores (method.md 8.6). */
export interface InstanceMethod extends MethodBase {
  readonly kind: 'instances';
}

/** A two-layer network on one clinical table (Table 2, method.md 8.8). */
export interface SingleTableMethod extends MethodBase {
  readonly kind: 'single';
  readonly modality: TableModality;
}

/** One row of the result table: what it is made of. */
export type Method = FusionMethod | BagMethod | InstanceMethod | SingleTableMethod;

/** The modalities a method looks at, of those the experiment has. */
export function modalitiesOf(method: Method, available: readonly Modality[]): readonly Modality[] {
  switch (method.kind) {
    case 'single':
      return available.filter((modality) => modality === method.modality);
    case 'instances':
      return available;
    case 'bag':
    case 'fusion': {
      const own: readonly Modality[] = method.modalities ?? available;
      return available.filter((modality) => own.includes(modality));
    }
  }
}

/** Whether one job trains all stages of a method: by the schedule, or because no stage of it stands alone. */
export function isJoint(method: Method, schedule: 'staged' | 'joint'): boolean {
  switch (method.kind) {
    case 'fusion':
      return schedule === 'joint' || method.attached === true;
    case 'instances':
      return true;
    case 'bag':
    case 'single':
      return false;
  }
}

/** Why an experiment with these modalities cannot run a method; null when it can. */
export function missingFor(method: Method, available: readonly Modality[]): string | null {
  const missing = method.needs.filter((modality) => !available.includes(modality));
  return missing.length === 0 ? null : `needs ${missing.join(' and ')}, which the experiment does not have`;
}
