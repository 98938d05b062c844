import type { Config } from '../../pipeline/config/schema.js';
import { layoutOf, linearSpecs, type ParameterLayout } from '../tensor/parameters.js';

/** The gated-attention encoder of one pathology modality and the weights of its losses (method.md 4.1, 4.2). */
export interface Encoder {
  /** Length of one instance. */
  readonly width: number;
  /** d1, width of the instance embedding and of z. */
  readonly hidden: number;
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
  readonly layout: ParameterLayout;
}

/** The encoder a configuration asks for, for instances of `width` numbers. */
export function encoderOf(mil: Config['mil'], width: number): Encoder {
  const { hidden, attention } = mil;
  const layout = layoutOf([
    ...linearSpecs('embed', width, hidden),
    // V, Ug and wa of eq. 2.
    ...linearSpecs('tanh', hidden, attention),
    ...linearSpecs('sigmoid', hidden, attention),
    ...linearSpecs('score', attention, 1),
    ...linearSpecs('classifier', hidden, 2),
    // Heads of both classes side by side: columns 2c and 2c+1 are the logits of head c.
    ...linearSpecs('instance', hidden, 4),
  ]);
  return { ...mil, width, layout };
}
