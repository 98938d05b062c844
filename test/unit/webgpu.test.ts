import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { automaticBackends } from '../../src/pipeline/core/backend-name.js';
import { HafError } from '../../src/pipeline/core/errors.js';
import { gradientsThrough } from '../../src/operators/tensor/autodiff.js';
import { loadBackend } from '../../src/operators/tensor/backend.js';
import { freeUnused, type BufferManager } from '../../src/operators/tensor/gpu-buffers.js';
import {
  backendIdle,
  onRelease,
  releaseBackend,
  usingBackend,
} from '../../src/operators/tensor/release-backend.js';
import { fastBackends, useBackend, webGpuHere } from '../support/numeric-backends.js';

afterEach(() => {
  releaseBackend();
  vi.unstubAllEnvs();
});

const failureOf = async (work: Promise<unknown>): Promise<HafError> => {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(HafError);
  return error as HafError;
};

describe('the webgpu backend', () => {
  it('is never chosen by "auto"', async () => {
    expect(automaticBackends).not.toContain('webgpu');
    vi.stubEnv('HAF_BACKEND', '');
    expect((await loadBackend('auto')).name).not.toBe('webgpu');
  });

  it('says what to install where its packages are not, when it is asked for', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'haf-webgpu-'));
    vi.stubEnv('HAF_WEBGPU', empty);
    const { code, what, fix } = await failureOf(loadBackend('webgpu'));
    expect(code).toBe('HAF_BACKEND_UNAVAILABLE');
    expect(what).toContain(empty);
    expect(fix).toContain(`npm install --prefix ${empty} webgpu@`);
    expect(fix).toContain('@tensorflow/tfjs-backend-webgpu@');
  });
});

describe('releaseBackend', () => {
  it('closes once what was opened, and nothing where nothing was', () => {
    const close = vi.fn();
    releaseBackend();
    onRelease(close);
    releaseBackend();
    releaseBackend();
    expect(close).toHaveBeenCalledTimes(1);
  });
});

describe('a backend that is used', () => {
  it('is idle when the last computation has ended, failed or not', async () => {
    await backendIdle();
    const ends: (() => void)[] = [];
    const first = usingBackend(() => new Promise<void>((resolve) => ends.push(resolve)));
    const second = usingBackend(
      () => new Promise<void>((_, reject) => ends.push(() => reject(new Error('x')))),
    );
    let idle = false;
    const waiting = backendIdle().then(() => (idle = true));
    ends[0]?.();
    await first;
    expect(idle).toBe(false);
    ends[1]?.();
    await expect(second).rejects.toThrow('x');
    await waiting;
    expect(idle).toBe(true);
  });
});

describe('unused buffers of the GPU', () => {
  /** A manager with lists of unused buffers of 100 bytes each, and 1000 bytes in use. `free` counts each list. */
  const managerOf = (free: readonly number[]): BufferManager & { readonly destroyed: number[] } => {
    const destroyed: number[] = [];
    const buffers = free.map((count, at) =>
      Array.from({ length: count }, () => ({ size: 100, destroy: () => void destroyed.push(at) })),
    );
    const numFreeBuffers = free.reduce((sum, count) => sum + count, 0);
    return {
      freeBuffers: new Map(buffers.map((list, at) => [String(at), list])),
      numFreeBuffers,
      numBytesUsed: 1000,
      numBytesAllocated: 1000 + 100 * numFreeBuffers,
      destroyed,
    };
  };

  it('are kept up to a bound, and let go of beyond it', () => {
    const few = managerOf([2, 3]);
    freeUnused(few, 500);
    expect(few).toMatchObject({ destroyed: [], numFreeBuffers: 5, numBytesAllocated: 1500 });
    const many = managerOf([2, 4]);
    freeUnused(many, 500);
    expect(many).toMatchObject({ destroyed: [0, 0, 1, 1, 1, 1], numFreeBuffers: 0, numBytesAllocated: 1000 });
    expect([...many.freeBuffers.values()]).toEqual([[], []]);
  });
});

describe.each(fastBackends)('gradientsThrough, on %s', (backend) => {
  it('asks for the slopes once, and keeps no tensor but the gradients', async () => {
    await useBackend(backend);
    const x = tf.tensor2d([1, -2, 3, 0.5, 1, 2], [3, 2]);
    const w = tf.tensor2d([2, -1], [2, 1]);
    const named = [['x', x] as const, ['w', w] as const];
    const before = tf.memory().numTensors;
    const slopesOf = vi.fn((outputs: Float32Array) => outputs.map((value) => 2 * value));
    const [ofX, ofW] = (await gradientsThrough(() => tf.matMul(x, w), named, slopesOf)) as [
      tf.Tensor,
      tf.Tensor,
    ];
    expect(tf.memory().numTensors).toBe(before + 2);
    expect(slopesOf.mock.calls.map(([outputs]) => [...outputs])).toEqual([[4, 5.5, 0]]);
    // A product of zero and a negative number is -0. Adding 0 turns it into 0.
    expect(Array.from(await ofX.data(), (value) => value + 0)).toEqual([16, -8, 22, -11, 0, 0]);
    expect([...(await ofW.data())]).toEqual([8 + 33, -16 + 5.5]);
    tf.dispose([x, w, ofX, ofW]);
  });
});

interface OpenedGpu {
  readonly bufferManager: BufferManager;
  readonly device: { createBuffer(options: object): unknown; destroy(): void };
}

describe.skipIf(!webGpuHere)('the device of WebGPU', () => {
  const product = async (side: number): Promise<number> => {
    const sum = tf.tidy(() => tf.sum(tf.matMul(tf.ones([side, side]), tf.ones([side, side]))));
    const [value] = await sum.data();
    sum.dispose();
    return value as number;
  };
  const opened = async (): Promise<OpenedGpu> => {
    const { why } = await loadBackend('webgpu');
    expect(why).toMatch(/^asked for, on \S/);
    return tf.backend() as unknown as OpenedGpu;
  };

  it('lets the process end once it is released, and opens again', async () => {
    const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
    for (let round = 0; round < 2; round++) {
      await opened();
      expect(await product(4)).toBe(64);
      expect(Object.getOwnPropertyDescriptor(globalThis, 'navigator')).toEqual(before);
      releaseBackend();
      await vi.waitFor(() => expect(process.getActiveResourcesInfo()).not.toContain('Immediate'));
    }
  });

  it('goes on after its unused buffers were let go of', async () => {
    const { bufferManager } = await opened();
    await product(32);
    expect(bufferManager.numFreeBuffers).toBeGreaterThan(0);
    freeUnused(bufferManager, 0);
    expect(bufferManager.numFreeBuffers).toBe(0);
    expect(bufferManager.numBytesAllocated).toBe(bufferManager.numBytesUsed);
    expect(await product(32)).toBe(32 ** 3);
  });

  it('gives no numbers after a command that failed', async () => {
    const { device } = await opened();
    device.createBuffer({ size: 2 ** 45, usage: 0x80 });
    const { code, what } = await failureOf(product(4));
    expect(code).toBe('HAF_BACKEND_FAILED');
    expect(what).toContain('exceeds the max buffer size');
  });

  it('says so when it is lost', async () => {
    const { device } = await opened();
    device.destroy();
    expect((await failureOf(product(4))).code).toBe('HAF_BACKEND_FAILED');
  });
});
