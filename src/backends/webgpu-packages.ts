import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { HafError } from '../pipeline/core/errors.js';

/** What WebGPU needs, in the versions that were tested. They are no dependencies of ours: 140 MB for an opt-in. */
export const testedWebGpu = 'webgpu@0.4.0 @tensorflow/tfjs-backend-webgpu@4.22.0';

export interface WebGpuPackages {
  /** Main files of Dawn and of the kernels. */
  readonly dawn: string;
  readonly kernels: string;
  /** Loads what is in the folder they lie in. */
  readonly load: NodeJS.Require;
}

/**
 * The packages of WebGPU, in the folder HAF_WEBGPU or beside ours; nothing is loaded.
 *
 * @throws HafError HAF_BACKEND_UNAVAILABLE naming what to install
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
    folder === '' ? `The package ${name} is not installed.` : `HAF_WEBGPU is ${folder}, without ${name}.`,
    `${folder === '' ? `${install('DIR')}, then set HAF_WEBGPU=DIR` : install(folder)} (docs/backends.md).`,
  );
}
