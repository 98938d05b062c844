import { createRequire } from 'node:module';
import { chooseInstalled } from '../../backends/installed.js';
import { type Machine, thisMachine } from '../../backends/machine.js';
import { findWebGpu } from '../../backends/webgpu-packages.js';
import { HafError } from '../core/errors.js';

const { resolve } = createRequire(import.meta.url);

/**
 * Checks before the first job that the requested TensorFlow or WebGPU is installed. Otherwise trainers would fail
 * only after hours of tiling. No library is loaded here; if an installed library cannot be loaded, the trainers
 * report it.
 *
 * @throws HafError HAF_BACKEND_UNAVAILABLE if `tensorflow` or `webgpu` was requested by name and is not installed
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
    'The backend "tensorflow" was requested, and no TensorFlow is installed that fits this machine.',
    'Build one with "haf-pipeline backend install", or use --backend auto: it takes the fastest that is installed.',
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
