import { createRequire } from 'node:module';
import { chooseInstalled } from '../../backends/installed.js';
import { type Machine, thisMachine } from '../../backends/machine.js';
import { findWebGpu } from '../../backends/webgpu-packages.js';
import { HafError } from '../core/errors.js';

const { resolve } = createRequire(import.meta.url);

/**
 * Says before the first job what every trainer would find out after hours of tiling: that there is no TensorFlow such as
 * was asked for, or no WebGPU. Nothing is loaded here; a library that is there and does not load is the trainers' to tell.
 *
 * @throws HafError HAF_BACKEND_UNAVAILABLE when `tensorflow` or `webgpu` was asked for by name and is not there
 */
export function requireBackend(
  backend: string,
  warn: (text: string) => void,
  environment: NodeJS.ProcessEnv = process.env,
  machine: Machine = thisMachine(),
  packageIsThere = isThere,
): void {
  if (backend === 'webgpu') findWebGpu(environment);
  if (backend !== 'tensorflow' && backend !== 'auto') return;
  try {
    const installed = chooseInstalled(environment, machine);
    if (backend === 'auto' || installed !== null || npmPackages.some(packageIsThere)) return;
  } catch (error) {
    if (backend === 'tensorflow') throw error;
    const { what, fix } = HafError.from(error);
    warn(`warning ${what} Another backend trains in its place. ${fix}`);
    return;
  }
  throw new HafError(
    'HAF_BACKEND_UNAVAILABLE',
    'The backend "tensorflow" was asked for, and no TensorFlow is installed that fits this machine.',
    'haf-pipeline backend install builds one; --backend auto takes the fastest that is there.',
  );
}

const npmPackages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];

function isThere(name: string): boolean {
  try {
    resolve(name);
    return true;
  } catch {
    return false;
  }
}
