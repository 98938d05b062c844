import type { EncoderMasks, PackedBags } from './packed-bags.js';

/**
 * The passes of an encoder over all R rows of a pack. Most of the time of Stage 1 is spent here. An implementation may copy the
 * parameters when it is opened or read them later, so do not change them until the passes are disposed. Dispose them after
 * the step.
 */
export interface EncoderPasses {
  readonly parameters: Float32Array;
  /**
   * Computes the encoder up to the raw attention scores (method.md 4.1), and the instance heads. Finish one pack before
   * you begin the next one. If several EncoderPasses share one scratch memory, this rule applies to all of them
   * together.
   *
   * @param masks null in evaluation
   */
  forward(pack: PackedBags, masks: EncoderMasks | null): Promise<RowsPass>;
  dispose(): void;
}

/** The result of a forward pass, and the steps after it. The arrays are valid until this result is disposed. */
export interface RowsPass {
  /** Raw attention scores, R values. */
  readonly scores: Float32Array;
  /** Logits of the H instance heads, [R, 2H]. */
  readonly heads: Float32Array;
  /** Attention-weighted sum of the embedded rows of each of the P bags, [P, d1]. */
  pool(attention: Float32Array): Promise<Float32Array>;
  /** Adds the gradients of the parameters of all layers before pooling to `gradient`, flat in the encoder's layout. */
  backward(upstream: RowsUpstream, gradient: Float32Array): Promise<void>;
  dispose(): void;
}

/** Inputs of the backward pass: attention and pooled rows of the forward pass, and the gradients from the later layers. */
export interface RowsUpstream {
  /** The attention of all rows, R values. */
  readonly attention: Float32Array;
  /** Pooled row of each of the P bags, and the gradient of the loss with respect to it; both [P, d1]. */
  readonly pooled: Float32Array;
  readonly dPooled: Float32Array;
  /** Gradient of the loss with respect to the logits of the instance heads, [R, 2H]. */
  readonly dHeads: Float32Array;
}
