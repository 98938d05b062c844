import { nativeProducts } from '../tensor/backend.js';
import type { EncoderPasses } from './encoder-passes.js';
import type { Encoder } from './encoder.js';
import { NativePasses } from './native-passes.js';
import { TensorPasses } from './tensor-passes.js';

/** The passes of an encoder on the loaded backend. */
export function openPasses(encoder: Encoder, parameters: Float32Array): EncoderPasses {
  const native = nativeProducts();
  return native === null
    ? new TensorPasses(encoder, parameters)
    : new NativePasses(native, encoder, parameters);
}
