import type { Config } from '../../pipeline/config/schema.js';
import type { Rng } from '../../pipeline/core/rng.js';
import type { ModalityInput } from '../embeddings/modality-inputs.js';
import type { Criterion, Target } from '../criteria/criterion.js';
import type { ParameterLayout } from '../tensor/parameters.js';
import type { Outputs } from './outputs.js';

/** What a step of a head found; all numbers are means over the patients of its group. */
export interface HeadStep {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Gradient of `loss` with respect to the head's parameters, in its layout. */
  readonly gradient: Float32Array;
  /** Gradient of `loss` with respect to the vectors it read, [B, d_m] for each input; null when not asked for. */
  readonly inputs: readonly Float32Array[] | null;
}

/** The patients of a step: positions in the inputs, and their targets in the same order. */
export interface HeadGroup {
  /** One per modality, in the order the head was made for. */
  readonly inputs: readonly ModalityInput[];
  readonly patients: readonly number[];
  readonly targets: readonly Target[];
}

/**
 * What turns the modality embeddings of patients into outputs (method.md 6.1, 8): one or two logits, or one for each hazard. It holds no weights: they are
 * given to each call, flat, in its layout.
 */
export interface Head {
  readonly layout: ParameterLayout;
  /** Loss of a training step and its gradients. */
  step(parameters: Float32Array, group: HeadGroup, inputGradients: boolean): Promise<HeadStep>;
  /**
   * Evaluation-mode outputs, a row per patient.
   *
   * @param open [B, M], which embeddings it may read; all that a patient has when not given
   */
  outputs(parameters: Float32Array, group: Omit<HeadGroup, 'targets'>, open?: Uint8Array): Promise<Outputs>;
}

/** The modality and length of the vectors of an input. */
export type InputShape = Pick<ModalityInput, 'modality' | 'kind' | 'width'>;

export interface HeadOptions {
  readonly inputs: readonly InputShape[];
  /** Width of the linear maps P in front of the head, for each input; null where its vectors enter as they are. */
  readonly projected: readonly (number | null)[];
  readonly randomDrop: boolean;
  /** How its outputs are judged; it decides their number. */
  readonly criterion: Criterion;
  /** `fusion`, and the method's own section. */
  readonly config: Pick<Config, 'fusion'> & Partial<Config>;
  /** Streams of the job: `dropout`, `drop`, and `frozen` for layers that are drawn and never trained. */
  readonly rng: (purpose: string) => Rng;
}

/** Makes the head of a method. */
export interface HeadModule {
  readonly create: (options: HeadOptions) => Head;
}
