import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../src/operators/tensor/backend.js';
import { releaseBackend } from '../../src/operators/tensor/release-backend.js';
import type { BackendName } from '../../src/pipeline/core/backend-name.js';
import { nativeFolder } from './native-tensorflow.js';

/**
 * Whether WebGPU works here. This is tried only if HAF_WEBGPU names its packages; a machine without a GPU must not fail the tests.
 */
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

/** Backends on which a test of numeric results runs. */
export const numericBackends: readonly BackendName[] = [
  'wasm',
  'cpu',
  ...(nativeFolder === null ? [] : (['tensorflow'] as const)),
  ...(webGpuHere ? (['webgpu'] as const) : []),
];

/** `numericBackends` without plain JavaScript, for tests that would take long on plain JavaScript. */
export const fastBackends = numericBackends.filter((name) => name !== 'cpu');

/** Backend of the longer tests: HAF_TEST_BACKEND, else wasm. */
export const chosenBackend = (process.env['HAF_TEST_BACKEND'] ?? 'wasm') as BackendName;

/** Makes a backend the current one. `tensorflow` is the backend under test, not one that the user has installed. */
export async function useBackend(name: BackendName): Promise<void> {
  if (name === 'tensorflow') process.env['HAF_TENSORFLOW'] = nativeFolder ?? '';
  await loadBackend(name);
}

/** Computes in plain JavaScript, whose values can be read synchronously, then makes the previous backend current again. */
export async function onCpu<T>(compute: () => T): Promise<T> {
  const before = tf.getBackend();
  await tf.setBackend('cpu');
  try {
    return compute();
  } finally {
    await tf.setBackend(before);
  }
}
