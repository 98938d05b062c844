import { nativeProducts } from '../tensor/backend.js';
import type { ModalityInput } from '../embeddings/modality-inputs.js';
import type { FusionNet } from './fusion-net.js';
import { nativeFusionPass } from './native-fusion.js';
import { tensorFusionPass } from './tensor-fusion.js';

/** The inputs of a pass of the fusion network. */
export interface FusionGroup {
  readonly inputs: readonly ModalityInput[];
  /** B patients, as positions in the inputs. */
  readonly patients: readonly number[];
  /** Which slots are open, [B, M] per pass. There is one pass, or two over the same patients. */
  readonly masks: readonly Uint8Array[];
  /** Inverted-dropout mask of a training pass, [passes * B, hidden]. Null if nothing is dropped. */
  readonly dropout: Float32Array | null;
}

/** A forward pass that can be followed by a backward pass. Rows are ordered pass by pass. Dispose it afterwards. */
export interface FusionPass {
  /** The logits of B patients under each mask, [passes * B, logits]. */
  readonly outputs: Float32Array;
  /**
   * Adds the gradients of all parameters to `into`, given the gradients of the outputs.
   *
   * @returns the gradients of the vectors of each modality, [B, d_m]; null if they are not wanted
   */
  backward(
    dOutputs: Float32Array,
    into: Float32Array,
    vectorsWanted: boolean,
  ): Promise<readonly Float32Array[] | null>;
  dispose(): void;
}

/** Runs passes of a fusion network with the given parameters. */
export type FusionPasses = (
  net: FusionNet,
  parameters: Float32Array,
  group: FusionGroup,
) => Promise<FusionPass>;

/** Runs the passes by ONNX graphs if the native runtime is loaded, else by the tensor backend. */
export const fusionPass: FusionPasses = (net, parameters, group) => {
  const native = nativeProducts();
  return native === null
    ? tensorFusionPass(net, parameters, group)
    : nativeFusionPass(native, net, parameters, group);
};
