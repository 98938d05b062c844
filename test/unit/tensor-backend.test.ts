import * as tf from '@tensorflow/tfjs-core';
import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { automaticBackends } from '../../src/pipeline/core/backend-name.js';
import { HafError } from '../../src/pipeline/core/errors.js';
import { loadBackend, nativeProducts } from '../../src/operators/tensor/backend.js';
import { backendOption } from '../../src/pipeline/cli/options.js';

describe('--backend', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });
  const chosen = (...args: readonly string[]): unknown =>
    new Command().addOption(backendOption()).exitOverride().parse(args, { from: 'user' }).opts()['backend'];

  it('is what HAF_BACKEND says when it is not given, so that trainers take what doctor shows', () => {
    vi.stubEnv('HAF_BACKEND', 'cpu');
    expect(chosen()).toBe('cpu');
    expect(chosen('--backend', 'wasm')).toBe('wasm');
  });

  it('is auto when HAF_BACKEND is empty', () => {
    vi.stubEnv('HAF_BACKEND', '');
    expect(chosen()).toBe('auto');
  });
});

describe('loadBackend', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it.each(['wasm', 'cpu'] as const)('makes %s the current backend when it is asked for', async (name) => {
    expect((await loadBackend(name)).name).toBe(name);
    expect(tf.getBackend()).toBe(name);
  });

  it('takes the first backend that loads, and says why', async () => {
    vi.stubEnv('HAF_BACKEND', '');
    const { name, why } = await loadBackend();
    // The backend `onnx` is wasm with additional native matrix products, so TensorFlow.js calls it wasm.
    expect(tf.getBackend()).toBe(name === 'onnx' ? 'wasm' : name);
    // `why` names every backend that was tried before and could not be loaded.
    for (const earlier of automaticBackends.slice(
      0,
      automaticBackends.findIndex((own) => own === name),
    ))
      expect(why).toContain(earlier);
    expect(name).not.toBe('cpu');
  });

  it('has native products with onnx alone', async () => {
    await loadBackend('onnx');
    expect(tf.getBackend()).toBe('wasm');
    expect(nativeProducts()).not.toBeNull();
    await loadBackend('wasm');
    expect(nativeProducts()).toBeNull();
  });

  it('lets HAF_BACKEND decide for "auto", but not against a named backend', async () => {
    vi.stubEnv('HAF_BACKEND', 'cpu');
    expect(await loadBackend()).toEqual({ name: 'cpu', why: 'HAF_BACKEND' });
    expect((await loadBackend('wasm')).name).toBe('wasm');
  });

  it('refuses an unknown name in HAF_BACKEND', async () => {
    vi.stubEnv('HAF_BACKEND', 'abacus');
    const error: unknown = await loadBackend().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HafError);
    expect((error as HafError).code).toBe('HAF_BACKEND_UNAVAILABLE');
    expect((error as HafError).message).toContain('abacus');
  });
});
