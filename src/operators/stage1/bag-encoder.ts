import type { Config } from '../../pipeline/config/schema.js';
import { layoutOf, linearSpecs, outputSpecs, type ParameterLayout } from '../tensor/parameters.js';
import type { Criterion } from '../criteria/criterion.js';
import { headClasses } from './instance-loss.js';

/** The gated-attention encoder of one pathology modality and the weights of its losses (method.md 4.1, 4.2). */
export interface BagEncoder {
  /** Length of one instance. */
  readonly width: number;
  /** d1: width of the instance embedding and of the pooled vector. */
  readonly hidden: number;
  /** Whether there is a linear map T between pooling and classifier (method.md 4.1). */
  readonly transfer: 'none' | 'linear';
  /** Width of z, the result of the stage: d1, or the output width of T. */
  readonly embedding: number;
  /** d2: width of the gates. */
  readonly attention: number;
  readonly activation: 'relu' | 'none';
  /** p, the dropout rate of the instance embedding, and q, the rate of both gates. */
  readonly dropout: number;
  readonly attentionDropout: number;
  readonly wBag: number;
  readonly wInst: number;
  /**
   * Number of instances with the highest attention, and of instances with the lowest attention, in the instance loss.
   */
  readonly k: number;
  readonly subtyping: boolean;
  /**
   * Number of outputs of the bag classifier. `criterion` defines the loss of these outputs and of the instance heads.
   */
  readonly outputs: number;
  readonly criterion: Criterion;
  /** Which classes have an instance head: both, or only the positive class (deceased). */
  readonly heads: 'both' | 'deceased';
  readonly layout: ParameterLayout;
}

/**
 * The encoder of a configuration, for instances of `width` numbers.
 *
 * @param transferred output width of T, if there is a T (`mil.transfer`)
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
    // The matrices V, Ug and wa of method.md 4.1, with their biases.
    ...linearSpecs('tanh', hidden, attention),
    ...linearSpecs('sigmoid', hidden, attention),
    ...linearSpecs('score', attention, 1),
    ...(transfer === 'linear' ? linearSpecs('transfer', hidden, embedding) : []),
    ...outputSpecs('classifier', embedding, { outputs, startBiases: criterion.startBiases }),
    // One matrix holds all heads: columns 2i and 2i+1 are the logits of head i.
    ...linearSpecs('instance', hidden, 2 * headClasses(mil).length),
  ]);
  return { ...mil, width, embedding, outputs, criterion, layout };
}
