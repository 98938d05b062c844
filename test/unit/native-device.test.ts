import { expect, it, vi } from 'vitest';
import { nativeDevice } from '../../src/operators/tensor/tensorflow.js';

it('says what native TensorFlow computes on, and once aloud that it does not find the GPU there is', () => {
  const warn = vi.fn();
  const [onGpu, onCpu] = [true, false].map((gpu) => ({ version: '2.20.0', gpu })) as [
    { version: string; gpu: boolean },
    { version: string; gpu: boolean },
  ];
  expect(nativeDevice(onGpu, true, true, warn)).toBe('TensorFlow 2.20.0 on the GPU');
  expect(nativeDevice(onCpu, false, true, warn)).toBe('TensorFlow 2.20.0 on the CPU');
  expect(nativeDevice(onCpu, true, false, warn)).toBe('TensorFlow 2.20.0 on the CPU');
  expect(warn).not.toHaveBeenCalled();
  for (let job = 0; job < 2; job++) expect(nativeDevice(onCpu, true, true, warn)).toContain('finds no GPU');
  expect(warn).toHaveBeenCalledOnce();
  expect(warn).toHaveBeenCalledWith(expect.stringContaining('nvidia-smi'));
});
