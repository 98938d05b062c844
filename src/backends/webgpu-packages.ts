import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { HafError } from '../pipeline/core/errors.js';

/**
 * The packages that WebGPU needs, in the tested versions. This package does not depend on them, because they take 140 MB and few
 * users need them.
 */
export const testedWebGpu = 'webgpu@0.4.0 @tensorflow/tfjs-backend-webgpu@4.22.0';

export interface WebGpuPackages {
  /** Path of the main file of Dawn, the WebGPU library. */
  readonly dawn: string;
  /** Path of the main file of the package with TensorFlow.js kernels for WebGPU. */
  readonly kernels: string;
  /** A `require` function that loads packages from the folder in which Dawn and the kernels are installed. */
  readonly load: NodeJS.Require;
}

/**
 * Finds the WebGPU packages, in the folder that HAF_WEBGPU names or beside this package. Loads nothing.
 *
 * @throws HafError HAF_BACKEND_UNAVAILABLE with the command that installs them
 */
export function findWebGpu(environment: NodeJS.ProcessEnv = process.env): WebGpuPackages {
  const folder = environment['HAF_WEBGPU'] ?? '';
  const load = createRequire(folder === '' ? import.meta.url : join(resolve(folder), 'package.json'));
  const found = (name: string): string => {
    try {
      return load.resolve(name);
    } catch {
      throw notInstalled(name, folder);
    }
  };
  return { dawn: found('webgpu'), kernels: found('@tensorflow/tfjs-backend-webgpu'), load };
}

function notInstalled(name: string, folder: string): HafError {
  const install = (place: string): string => `npm install --prefix ${place} ${testedWebGpu}`;
  return new HafError(
    'HAF_BACKEND_UNAVAILABLE',
    folder === ''
      ? `The package ${name} is not installed.`
      : `HAF_WEBGPU is ${folder}, but that folder has no ${name}.`,
    `${folder === '' ? `${install('DIR')}, then set HAF_WEBGPU=DIR` : install(folder)} (docs/backends.md).`,
  );
}
