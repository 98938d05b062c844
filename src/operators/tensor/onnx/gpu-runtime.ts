import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { type UsableOnnxRuntime } from '../../../backends/onnxruntime.js';
import { onnxPackageFolder } from '../../../backends/onnxruntime-folder.js';
import { claimRuntime, type Runtime } from './runtime.js';

/** RTLD_NODELETE of dlopen(3) on Linux: the library stays loaded after it is closed. Node does not name this flag. */
const stays = 0x1000;

/**
 * Loads a library that is not a Node module. The CUDA provider of onnxruntime names the libraries that it needs without
 * a folder. The system's loader then takes the libraries that the process has already loaded. So LD_LIBRARY_PATH is not
 * needed, and TensorFlow's CUDA is not affected.
 *
 * @throws Error of the loader if the library or one that it needs is missing
 */
function preload(path: string): void {
  try {
    process.dlopen({ exports: {} }, path, constants.dlopen.RTLD_NOW | stays);
  } catch (error) {
    // The library is loaded at this point. Node throws only because it finds no Node module in the library.
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
