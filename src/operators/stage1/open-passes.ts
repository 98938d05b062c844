import { nativeProducts } from '../tensor/backend.js';
import type { Scratch } from '../tensor/scratch.js';
import type { EncoderPasses } from './encoder-passes.js';
import type { BagEncoder } from './bag-encoder.js';
import { NativePasses } from './native-passes.js';
import { TensorPasses } from './tensor-passes.js';

/** The passes of an encoder on the loaded backend. @param scratch memory for results on the host */
export function openPasses(encoder: BagEncoder, parameters: Float32Array, scratch?: Scratch): EncoderPasses {
  const native = nativeProducts();
  return native === null
    ? new TensorPasses(encoder, parameters)
    : new NativePasses(native, encoder, parameters, scratch);
}
