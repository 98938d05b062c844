import type { EncoderMasks, PackedBags } from './packed-bags.js';

/**
 * The passes of an encoder over all R rows of a pack, which is where the time of Stage 1 goes. They read the parameters as
 * they were when the passes were opened or are now: do not change them in between. Dispose them after the step.
 */
export interface EncoderPasses {
  readonly parameters: Float32Array;
  /**
   * Eq. 1 and 2 up to the raw scores. One pack is under way at a time, also among passes with one scratch.
   *
   * @param masks null in evaluation
   */
  forward(pack: PackedBags, masks: EncoderMasks | null): Promise<RowsPass>;
  dispose(): void;
}

/** A forward pass and what follows it. Its arrays are valid until it is disposed. */
export interface RowsPass {
  /** Raw attention scores, R values. */
  readonly scores: Float32Array;
  /** Logits of the H instance heads, [R, 2H]. */
  readonly heads: Float32Array;
  /** Attention-weighted sum of the embedded rows of each bag, [P, d1]. */
  pool(attention: Float32Array): Promise<Float32Array>;
  /** Adds the gradients of all arrays before pooling to `gradient`, flat in the encoder's layout. */
  backward(upstream: RowsUpstream, gradient: Float32Array): Promise<void>;
  dispose(): void;
}

/** Attention and pooled rows as they were, and the gradients of what was computed behind them. */
export interface RowsUpstream {
  /** R values. */
  readonly attention: Float32Array;
  /** [P, d1], and its gradient. */
  readonly pooled: Float32Array;
  readonly dPooled: Float32Array;
  /** Gradient of the heads' logits, [R, 2H]. */
  readonly dHeads: Float32Array;
}
