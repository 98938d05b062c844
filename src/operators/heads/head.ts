import type { Config } from '../../pipeline/config/schema.js';
import type { Rng } from '../../pipeline/core/rng.js';
import type { ModalityInput } from '../embeddings/modality-inputs.js';
import type { Criterion, Target } from '../criteria/criterion.js';
import type { ParameterLayout } from '../tensor/parameters.js';
import type { Outputs } from './outputs.js';

/** The result of a training step of a head. All numbers are means over the patients of the step. */
export interface HeadStep {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Gradient of `loss` with respect to the head's parameters, in the layout of the head. */
  readonly gradient: Float32Array;
  /**
   * Gradient of `loss` with respect to the vectors that the head read, [B, d_m] for each input. Null if not requested.
   */
  readonly inputs: readonly Float32Array[] | null;
}

/** The patients of a step: their positions in the inputs, and their targets in the same order. */
export interface HeadGroup {
  /** One entry for each modality, in the order of the head. */
  readonly inputs: readonly ModalityInput[];
  readonly patients: readonly number[];
  readonly targets: readonly Target[];
}

/**
 * Computes outputs from the modality embeddings of patients (method.md 6.1, 8). For a binary outcome the outputs are
 * one or two logits. For a time-to-event outcome they are one logit per time bin, or with Cox's loss one number. A head
 * holds no weights: each call receives them as a flat array in the layout of the head.
 */
export interface Head {
  readonly layout: ParameterLayout;
  /** Computes the loss of a training step and its gradients. */
  step(parameters: Float32Array, group: HeadGroup, inputGradients: boolean): Promise<HeadStep>;
  /**
   * Outputs in evaluation mode, one row per patient.
   *
   * @param open [B, M], 1 if the head may read an embedding. Without `open`, the head reads all embeddings that a
   * patient has
   */
  outputs(parameters: Float32Array, group: Omit<HeadGroup, 'targets'>, open?: Uint8Array): Promise<Outputs>;
}

/** One input of a head: its modality, the kind of the modality, and the length of its vectors. */
export type InputShape = Pick<ModalityInput, 'modality' | 'kind' | 'width'>;

export interface HeadOptions {
  readonly inputs: readonly InputShape[];
  /** For each input, the output width of the linear map P in front of the head. Null if the input has no map. */
  readonly projected: readonly (number | null)[];
  readonly randomDrop: boolean;
  /**
   * The loss, and the quantity that early stopping monitors (criteria/criterion.ts). The criterion decides the number
   * of outputs of the head.
   */
  readonly criterion: Criterion;
  /** The config section `fusion`, and the method's own section if it has one. */
  readonly config: Pick<Config, 'fusion'> & Partial<Config>;
  /**
   * Random streams of the job: `dropout`, `drop`, and `frozen` for layers that are drawn at random and never trained.
   */
  readonly rng: (purpose: string) => Rng;
}

/** Creates the head of a method. */
export interface HeadModule {
  readonly create: (options: HeadOptions) => Head;
}
