import { ParameterTensors } from '../tensor/parameters.js';
import type { EncoderPasses, RowsPass } from './encoder-passes.js';
import { EncoderStack } from './encoder-stack.js';
import type { BagEncoder } from './bag-encoder.js';
import type { EncoderMasks, PackedBags } from './packed-bags.js';
import { SharedPass } from './shared-pass.js';

/** The forward and backward passes of one encoder, computed on the current TensorFlow.js backend. */
export class TensorPasses implements EncoderPasses {
  private readonly weights: ParameterTensors;

  constructor(
    private readonly encoder: BagEncoder,
    readonly parameters: Float32Array,
  ) {
    this.weights = new ParameterTensors(encoder.layout, parameters);
  }

  async forward(pack: PackedBags, masks: EncoderMasks | null): Promise<RowsPass> {
    const stack = new EncoderStack(this.encoder, [{ weights: this.weights, pack, masks }]);
    return new SharedPass(stack, [0]).of(0);
  }

  dispose(): void {
    this.weights.dispose();
  }
}
