import h5wasm from 'h5wasm/node';
import { HafError } from '../../pipeline/core/errors.js';
import { machineLimits } from '../../pipeline/core/machine-limits.js';

/**
 * Waits until the HDF5 library is ready. If the library gets no memory for its WebAssembly, its error does not say so.
 * So this function names the cause if the address space of this process is limited.
 *
 * @throws HafError HAF_MACHINE_LIMIT if the address space of this process is limited and the library does not start
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
