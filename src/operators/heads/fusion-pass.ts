import { nativeProducts } from '../tensor/backend.js';
import type { ModalityInput } from '../embeddings/modality-inputs.js';
import type { FusionNet } from './fusion-net.js';
import { nativeFusionPass } from './native-fusion.js';
import { tensorFusionPass } from './tensor-fusion.js';

/** What a pass of the fusion network reads. */
export interface FusionGroup {
  readonly inputs: readonly ModalityInput[];
  /** B patients, as positions in the inputs. */
  readonly patients: readonly number[];
  /** [B, M] each: which slots are open. One pass, or two over the same patients. */
  readonly masks: readonly Uint8Array[];
  /** Inverted-dropout mask [passes * B, hidden] of a training pass, or null. */
  readonly dropout: Float32Array | null;
}

/** A forward pass and what follows it; rows are pass after pass. Dispose it afterwards. */
export interface FusionPass {
  /** [passes * B, logits] */
  readonly outputs: Float32Array;
  /**
   * Adds the gradients of all parameters, given those of the outputs, to `into`.
   *
   * @returns the gradients of the vectors of each modality, [B, d_m]; null when they are not wanted
   */
  backward(
    dOutputs: Float32Array,
    into: Float32Array,
    vectorsWanted: boolean,
  ): Promise<readonly Float32Array[] | null>;
  dispose(): void;
}

/** Passes of a fusion network with such parameters. */
export type FusionPasses = (
  net: FusionNet,
  parameters: Float32Array,
  group: FusionGroup,
) => Promise<FusionPass>;

/** Those of the loaded backend. */
export const fusionPass: FusionPasses = (net, parameters, group) => {
  const native = nativeProducts();
  return native === null
    ? tensorFusionPass(net, parameters, group)
    : nativeFusionPass(native, net, parameters, group);
};
