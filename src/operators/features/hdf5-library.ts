import h5wasm from 'h5wasm/node';
import { HafError } from '../../pipeline/core/errors.js';
import { machineLimits } from '../../pipeline/core/machine-limits.js';

/**
 * Waits until the HDF5 library is ready. The library does not report why its WebAssembly was refused memory, so this is found out
 * here.
 *
 * @throws HafError HAF_MACHINE_LIMIT if the addresses of this process are limited and the library does not start
 */
export async function hdf5Ready(): Promise<void> {
  try {
    await h5wasm.ready;
  } catch (error) {
    if (machineLimits().addressSpace === null) throw error;
    const refused = new Error('the HDF5 library (WebAssembly) cannot start', { cause: error });
    throw HafError.from(Object.assign(refused, { code: 'ENOMEM' }));
  }
}
