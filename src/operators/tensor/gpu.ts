import { spawnSync } from 'node:child_process';
import * as tf from '@tensorflow/tfjs-core';
import { nativeLibrary } from './tensorflow.js';

/** Whether the current backend computes on a GPU, or on a device that WebGPU presents as one. */
export const computesOnGpu = (): boolean => tf.getBackend() === 'webgpu' || nativeLibrary()?.gpu === true;

/** Maximum size in bytes of a tensor on the current backend. */
export function largestTensor(): number {
  const { device } = tf.backend() as {
    readonly device?: { readonly limits: { readonly maxStorageBufferBindingSize: number } };
  };
  return device?.limits.maxStorageBufferBindingSize ?? Infinity;
}

/** Assumed GPU memory if it is unknown. */
const unknownBytes = 2 * 2 ** 30;

/** Memory of the GPU: HAF_GPU_MEMORY in MiB, or the memory that NVIDIA's driver reports for the first GPU of this process. */
export function gpuBytes(environment: NodeJS.ProcessEnv = process.env): number {
  const given = Number(environment['HAF_GPU_MEMORY'] ?? '');
  if (given > 0) return given * 2 ** 20;
  const [first = ''] = (environment['CUDA_VISIBLE_DEVICES'] ?? '').split(',');
  const query = [
    '--query-gpu=memory.total',
    '--format=csv,noheader,nounits',
    ...(first === '' ? [] : ['-i', first]),
  ];
  const { status, stdout } = spawnSync('nvidia-smi', query, { encoding: 'utf8', timeout: 5000 });
  const mebibytes = status === 0 ? Number.parseInt(stdout, 10) : NaN;
  return mebibytes > 0 ? mebibytes * 2 ** 20 : unknownBytes;
}
