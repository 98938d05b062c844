import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../src/operators/tensor/backend.js';
import { releaseBackend } from '../../src/operators/tensor/release-backend.js';
import type { BackendName } from '../../src/pipeline/core/backend-name.js';
import { nativeFolder } from './native-tensorflow.js';

/** Whether WebGPU computes here. It is tried only where HAF_WEBGPU names its packages: Dawn without a GPU is no failure. */
async function webGpuLoads(): Promise<boolean> {
  if ((process.env['HAF_WEBGPU'] ?? '') === '') {
    console.warn('SKIPPED: no WebGPU (HAF_WEBGPU names a folder with its packages, docs/backends.md)');
    return false;
  }
  try {
    await loadBackend('webgpu');
    return true;
  } catch (error) {
    console.warn(`SKIPPED: no WebGPU: ${(error as Error).message}`);
    return false;
  } finally {
    releaseBackend();
  }
}

export const webGpuHere = await webGpuLoads();

/** Backends that a test of numbers runs on. */
export const numericBackends: readonly BackendName[] = [
  'wasm',
  'cpu',
  ...(nativeFolder === null ? [] : (['tensorflow'] as const)),
  ...(webGpuHere ? (['webgpu'] as const) : []),
];

/** Those but plain JavaScript: for tests that take long on plain JavaScript. */
export const fastBackends = numericBackends.filter((name) => name !== 'cpu');

/** Backend of the longer tests: HAF_TEST_BACKEND, else wasm. */
export const chosenBackend = (process.env['HAF_TEST_BACKEND'] ?? 'wasm') as BackendName;

/** Makes a backend the current one; `tensorflow` is the one under test, not one that this user has installed. */
export async function useBackend(name: BackendName): Promise<void> {
  if (name === 'tensorflow') process.env['HAF_TENSORFLOW'] = nativeFolder ?? '';
  await loadBackend(name);
}

/** Computes on plain JavaScript, whose values can be read at once, and goes back to the current backend. */
export async function onCpu<T>(compute: () => T): Promise<T> {
  const before = tf.getBackend();
  await tf.setBackend('cpu');
  try {
    return compute();
  } finally {
    await tf.setBackend(before);
  }
}
