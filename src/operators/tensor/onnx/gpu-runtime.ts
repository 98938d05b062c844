import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { type UsableOnnxRuntime } from '../../../backends/onnxruntime.js';
import { onnxPackageFolder } from '../../../backends/onnxruntime-folder.js';
import { claimRuntime, type Runtime } from './runtime.js';

/** RTLD_NODELETE of dlopen(3) on Linux: the library stays loaded after it is closed. Node does not name this flag. */
const stays = 0x1000;

/**
 * Loads a library without a Node module inside. The CUDA provider of onnxruntime names its libraries without a folder, and the loader
 * then takes those that the process has loaded. So LD_LIBRARY_PATH is not needed, and TensorFlow's CUDA is not affected.
 *
 * @throws Error of the loader if the library or one that it needs is missing
 */
function preload(path: string): void {
  try {
    process.dlopen({ exports: {} }, path, constants.dlopen.RTLD_NOW | stays);
  } catch (error) {
    // The library is loaded, and Node then looks in vain for a module.
    if (!/did not self-register/.test((error as Error).message)) throw error;
  }
}

/**
 * Loads an onnxruntime with CUDA and the CUDA libraries that it needs. It cannot be loaded beside the onnxruntime-node of this
 * package, so image encoders on a GPU have processes of their own. A GPU or a driver is needed only when a session with the provider
 * "cuda" is created.
 *
 * @throws any error that prevents a library from loading
 */
export function loadGpuRuntime({ folder, description }: UsableOnnxRuntime): Runtime {
  claimRuntime(folder);
  for (const library of description.libraries) preload(join(folder, library));
  return createRequire(join(folder, 'package.json'))(onnxPackageFolder(folder)) as Runtime;
}
