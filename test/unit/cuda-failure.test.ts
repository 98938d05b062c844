import { describe, expect, it } from 'vitest';
import { cudaFailure } from '../../src/operators/tensor/onnx/cuda-failure.js';
import { cluster } from '../support/backend-folders.js';

const withDriver = { ...cluster, gpu: true };
/**
 * An error message in the form of onnxruntime 1.23.2. The messages of errors 35 (no driver) and 100 (the driver finds
 * no GPU) were observed.
 */
const said = (failure: string): Error =>
  new Error(
    `/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:129 onnxruntime::CudaCall ${failure} ; GPU=-1 ; hostname=vm ; line=282 ; expr=cudaSetDevice(info_.device_id); \n\n`,
  );

describe('what keeps CUDA from computing', () => {
  it.each([
    [
      'CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version',
      cluster,
      'no NVIDIA driver',
      '525',
    ],
    [
      'CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version',
      withDriver,
      'too old',
      '525',
    ],
    [
      'CUDA failure 100: no CUDA-capable device is detected',
      withDriver,
      'finds no GPU (CUDA_VISIBLE_DEVICES is "7")',
      'nvidia-smi',
    ],
    ['CUDA failure 2: out of memory', withDriver, 'no memory left', '--workers'],
    [
      'CUDA failure 700: an illegal memory access was encountered',
      withDriver,
      'CUDA error 700: an illegal memory access',
      'backend test',
    ],
  ])('%s', (failure, machine, reason, fix) => {
    const found = cudaFailure(said(failure), 525, { CUDA_VISIBLE_DEVICES: '7' }, machine);
    expect(found?.reason).toContain(reason);
    expect(found?.fix).toContain(fix);
    expect(found?.reason).not.toMatch(/hostname|\.cc/);
    expect(found?.broken).toBe(false);
  });

  it('may be the installation', () => {
    const message = 'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library';
    expect(cudaFailure(new Error(message), 525, {}, cluster)).toMatchObject({
      broken: true,
      fix: expect.stringContaining('backend install --onnx --gpu') as string,
    });
  });

  it('is nothing when the model is at fault', () => {
    expect(cudaFailure(new Error('Unsupported model IR version: 12'), 525, {}, cluster)).toBeNull();
    expect(cudaFailure('Got invalid dimensions for input: pixels', 525, {}, withDriver)).toBeNull();
  });
});
