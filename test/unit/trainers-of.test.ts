import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { foldsPerGpu, trainersOf } from '../../src/workers/trainers-of.js';

describe('the training processes of a worker', () => {
  it('are as many as jobs on the CPU', () => {
    expect(trainersOf('auto', 3, [], true)).toEqual({ slots: 3, gpuOf: [null, null, null] });
    expect(trainersOf('auto', null, [], false).gpuOf).toHaveLength(availableParallelism());
  });

  it('are one for each GPU that TensorFlow can use, whose jobs share it', () => {
    expect(trainersOf('auto', null, ['0', '1'], true)).toEqual({ slots: 2 * foldsPerGpu, gpuOf: ['0', '1'] });
    expect(trainersOf('tensorflow', 7, ['0', '1'], true)).toEqual({ slots: 7, gpuOf: ['0', '1'] });
    expect(trainersOf('auto', 1, ['0', '1'], true)).toEqual({ slots: 1, gpuOf: ['0'] });
  });

  it('are one for WebGPU, which chooses among GPUs itself', () => {
    expect(trainersOf('webgpu', null, [], false)).toEqual({ slots: foldsPerGpu, gpuOf: [null] });
    // The trainer gets GPU 0 for image encoders, which do not choose a GPU themselves.
    expect(trainersOf('webgpu', 2, ['0', '1'], false)).toEqual({ slots: 2, gpuOf: ['0'] });
  });

  it('see a GPU for their image encoders although they train on the CPU', () => {
    expect(trainersOf('onnx', 3, ['0', '1'], true)).toEqual({ slots: 3, gpuOf: ['0', '1', '0'] });
    const cores = availableParallelism();
    expect(trainersOf('auto', null, ['0', '1'], false)).toEqual({
      slots: cores,
      gpuOf: Array.from({ length: cores }, (_, slot) => String(slot % 2)),
    });
  });
});
