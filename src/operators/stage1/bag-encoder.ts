import type { Config } from '../../pipeline/config/schema.js';
import { layoutOf, linearSpecs, outputSpecs, type ParameterLayout } from '../tensor/parameters.js';
import type { Criterion } from '../criteria/criterion.js';
import { headClasses } from './instance-loss.js';

/** The gated-attention encoder of one pathology modality and the weights of its losses (method.md 4.1, 4.2). */
export interface BagEncoder {
  /** Length of one instance. */
  readonly width: number;
  /** d1, width of the instance embedding and of what is pooled from it. */
  readonly hidden: number;
  /** Whether a linear map T lies between pooling and classifier. */
  readonly transfer: 'none' | 'linear';
  /** Width of z, which leaves the stage: d1, or what T maps to. */
  readonly embedding: number;
  /** d2, width of the gates. */
  readonly attention: number;
  readonly activation: 'relu' | 'none';
  /** p and q: dropout of the instance embedding and of both gates. */
  readonly dropout: number;
  readonly attentionDropout: number;
  readonly wBag: number;
  readonly wInst: number;
  /** Instances ranked highest and lowest in the instance loss. */
  readonly k: number;
  readonly subtyping: boolean;
  /** Outputs of the bag classifier, and how they and the instance heads are judged. */
  readonly outputs: number;
  readonly criterion: Criterion;
  /** Classes that have an instance head. */
  readonly heads: 'both' | 'deceased';
  readonly layout: ParameterLayout;
}

/**
 * The encoder a configuration asks for, for instances of `width` numbers.
 *
 * @param transferred width that T maps to, if there is one (`mil.transfer`)
 */
export function bagEncoderOf(
  mil: Config['mil'],
  width: number,
  criterion: Criterion,
  transferred = mil.hidden,
): BagEncoder {
  const { hidden, attention, transfer } = mil;
  const embedding = transfer === 'linear' ? transferred : hidden;
  const outputs = criterion.outputsOf(2);
  const layout = layoutOf([
    ...linearSpecs('embed', width, hidden),
    // V, Ug and wa of eq. 2.
    ...linearSpecs('tanh', hidden, attention),
    ...linearSpecs('sigmoid', hidden, attention),
    ...linearSpecs('score', attention, 1),
    ...(transfer === 'linear' ? linearSpecs('transfer', hidden, embedding) : []),
    ...outputSpecs('classifier', embedding, { outputs, startBiases: criterion.startBiases }),
    // Heads side by side: columns 2i and 2i+1 are the logits of head i.
    ...linearSpecs('instance', hidden, 2 * headClasses(mil).length),
  ]);
  return { ...mil, width, embedding, outputs, criterion, layout };
}
