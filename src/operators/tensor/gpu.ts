import { spawnSync } from 'node:child_process';
import * as tf from '@tensorflow/tfjs-core';
import { nativeLibrary } from './tensorflow.js';

/** Whether the current backend computes on a GPU, or on what WebGPU takes for one. */
export const computesOnGpu = (): boolean => tf.getBackend() === 'webgpu' || nativeLibrary()?.gpu === true;

/** Bytes of the largest tensor that the current backend computes with. */
export function largestTensor(): number {
  const { device } = tf.backend() as {
    readonly device?: { readonly limits: { readonly maxStorageBufferBindingSize: number } };
  };
  return device?.limits.maxStorageBufferBindingSize ?? Infinity;
}

/** Assumed where nobody tells. */
const unknownBytes = 2 * 2 ** 30;

/** Memory of the GPU: HAF_GPU_MEMORY in MiB, else what NVIDIA's driver says of the first one this process may use. */
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
