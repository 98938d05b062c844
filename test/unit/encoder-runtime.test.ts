import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { thisMachine } from '../../src/backends/machine.js';
import type { OnnxSettings } from '../../src/operators/encoders/onnx-encoder.js';
import type { HafError } from '../../src/pipeline/core/errors.js';
import type { SourceFile } from '../../src/pipeline/stage.js';
import { poolingEncoder, writeOnnxFile } from '../support/onnx-file.js';
import { onnxRuntimeFolders } from '../support/onnx-runtime-folders.js';

const side = 8;
const settings: OnnxSettings = {
  interpolation: 'bicubic',
  ...{ mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25], batch: 2, side },
  ...{ width: 6, widthKey: 'data.modalities.WSI.width', preset: null },
  ...{ section: 'embed.encoder', sideKey: 'tile.targetSize' },
};
const name = 'onnxruntime-1.23.2-cuda12';

/** The error message of onnxruntime 1.23.2 on a machine without a driver, with a part left out. */
const noDriver =
  '/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:129 CudaCall CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=-1 ; hostname=vm ; expr=cudaSetDevice(info_.device_id);';

/**
 * A substitute runtime that computes on the CPU. It stores the requested providers in `globalThis.asked`. If `failure`
 * is given, it throws this error when a session is created.
 */
const pretended = (failure: string | null = null): string => `
  const real = require(${JSON.stringify(createRequire(import.meta.url).resolve('onnxruntime-node'))});
  const create = async (model, options) => {
    (globalThis.asked ??= []).push(...options.executionProviders);
    ${failure === null ? '' : `throw new Error(${JSON.stringify(failure)});`}
    return real.InferenceSession.create(model, { ...options, executionProviders: ['cpu'] });
  };
  module.exports = { InferenceSession: { create }, Tensor: real.Tensor };`;

function model(): SourceFile {
  const path = join(mkdtempSync(join(tmpdir(), 'haf-onnx-')), 'model.onnx');
  writeOnnxFile(path, poolingEncoder(side, 6));
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  return { role: 'encoder', name: 'model.onnx', path, sha256 };
}

/** Opens an encoder in newly loaded modules, as in a new process. Older modules would refuse a second onnxruntime. */
async function opened() {
  vi.resetModules();
  const { onnxEncoder } = await import('../../src/operators/encoders/onnx-encoder.js');
  return onnxEncoder(model(), settings);
}
const refused = (): Promise<HafError> =>
  opened().then(
    () => Promise.reject(new Error('expected an error')),
    (error: HafError) => error,
  );
const asked = (): unknown => Reflect.get(globalThis, 'asked');

beforeEach(() => {
  Reflect.set(globalThis, 'asked', []);
  vi.stubEnv('CUDA_VISIBLE_DEVICES', '');
  vi.stubEnv('HAF_ENCODER_DEVICE', '');
  vi.stubEnv('HAF_BACKENDS_DIR', onnxRuntimeFolders({ [name]: {} }, pretended()));
});
afterEach(() => void vi.unstubAllEnvs());

describe('the device of an image encoder', () => {
  it('is the GPU that the worker assigned, with the same instances', async () => {
    const tiles = {
      count: 2,
      side,
      rgb: Uint8Array.from({ length: 2 * side * side * 3 }, (_, i) => i % 251),
    };
    const onCpu = await opened();
    expect(onCpu).toMatchObject({ engine: 'onnx cpu', onGpu: false });
    expect(asked()).toEqual([]);
    const expected = await onCpu.encode(tiles);
    vi.stubEnv('CUDA_VISIBLE_DEVICES', '1');
    const onGpu = await opened();
    expect(onGpu).toMatchObject({ engine: 'onnx cuda', onGpu: true });
    expect(asked()).toEqual(['cuda']);
    expect(await onGpu.encode(tiles)).toEqual(expected);
  });

  it('is what HAF_ENCODER_DEVICE names', async () => {
    vi.stubEnv('HAF_ENCODER_DEVICE', 'cuda');
    expect((await opened()).engine).toBe('onnx cuda');
    vi.stubEnv('CUDA_VISIBLE_DEVICES', '0');
    vi.stubEnv('HAF_ENCODER_DEVICE', 'cpu');
    expect((await opened()).engine).toBe('onnx cpu');
    vi.stubEnv('HAF_ENCODER_DEVICE', 'gpu');
    expect(await refused()).toMatchObject({
      code: 'HAF_USAGE',
      what: 'HAF_ENCODER_DEVICE is "gpu".',
      fix: 'Set it to one of auto, cpu, cuda, or unset it.',
    });
  });

  it('is no CPU in place of a GPU that refuses: the error names the driver and the way to the CPU', async () => {
    vi.stubEnv('HAF_BACKENDS_DIR', onnxRuntimeFolders({ [name]: {} }, pretended(noDriver)));
    vi.stubEnv('CUDA_VISIBLE_DEVICES', '0');
    const error = await refused();
    expect(error.code).toBe('HAF_BACKEND_UNAVAILABLE');
    expect(error.what).toMatch(/cannot be encoded on the GPU with onnxruntime-1\.23\.2-cuda12 .*driver/);
    expect(error.what).not.toContain('hostname');
    expect(error.fix).toContain('525 or newer');
    expect(error.fix).toContain('HAF_ENCODER_DEVICE=cpu');
    expect(asked()).toEqual(['cuda']);
  });

  it('is not blamed for a model that the runtime refuses', async () => {
    const said = 'Load model from model.onnx failed: Unsupported model IR version: 12, max supported 11';
    vi.stubEnv('HAF_BACKENDS_DIR', onnxRuntimeFolders({ [name]: {} }, pretended(said)));
    vi.stubEnv('HAF_ENCODER_DEVICE', 'cuda');
    expect(await refused()).toMatchObject({ code: 'HAF_ENCODER_UNFIT' });
  });

  it('is the CPU, with one warning, when a machine has a GPU and nothing for it is installed', async () => {
    vi.stubEnv('HAF_BACKENDS_DIR', '/nonexistent');
    vi.resetModules();
    const { encoderRuntime } = await import('../../src/operators/encoders/encoder-runtime.js');
    const said: string[] = [];
    const open = () => encoderRuntime({ CUDA_VISIBLE_DEVICES: '0' }, (text) => said.push(text));
    expect((await open()).provider).toBe('cpu');
    expect((await open()).provider).toBe('cpu');
    expect(said).toEqual([expect.stringContaining('haf-pipeline backend install --onnx --gpu')]);
    vi.stubEnv('HAF_ENCODER_DEVICE', 'cuda');
    expect(await refused()).toMatchObject({
      code: 'HAF_BACKEND_UNAVAILABLE',
      fix: expect.stringContaining('haf-pipeline backend install --onnx --gpu') as string,
    });
  });

  it('is the CPU, with one warning, when nvidia-smi lists no GPU of a machine that is set up for one', async () => {
    vi.resetModules();
    const { encoderRuntime } = await import('../../src/operators/encoders/encoder-runtime.js');
    const said: string[] = [];
    const open = (environment: NodeJS.ProcessEnv, gpu = true) =>
      encoderRuntime(
        environment,
        (text) => said.push(text),
        () => ({ ...thisMachine(), gpu }),
      );
    // No warning is needed if there is no driver, or if the user chose the CPU.
    expect((await open({}, false)).provider).toBe('cpu');
    expect((await open({ CUDA_VISIBLE_DEVICES: '' })).provider).toBe('cpu');
    expect((await open({ CUDA_VISIBLE_DEVICES: '-1' })).provider).toBe('cpu');
    expect((await open({ HAF_ENCODER_DEVICE: 'cpu' })).provider).toBe('cpu');
    vi.stubEnv('HAF_BACKENDS_DIR', '/nonexistent');
    expect((await open({})).provider).toBe('cpu');
    expect(said).toEqual([]);
    vi.stubEnv('HAF_BACKENDS_DIR', onnxRuntimeFolders({ [name]: {} }, pretended()));
    expect((await open({})).provider).toBe('cpu');
    expect((await open({})).provider).toBe('cpu');
    expect(said).toEqual([expect.stringMatching(/on the CPU .*nvidia-smi.*HAF_ENCODER_DEVICE=cuda/)]);
  });

  it('is refused in a process that has loaded the onnxruntime of training', async () => {
    vi.resetModules();
    const { loadRuntime } = await import('../../src/operators/tensor/onnx/runtime.js');
    await loadRuntime();
    const { encoderRuntime } = await import('../../src/operators/encoders/encoder-runtime.js');
    await expect(encoderRuntime({ HAF_ENCODER_DEVICE: 'cuda' })).rejects.toMatchObject({
      code: 'HAF_BACKEND_UNAVAILABLE',
      what: expect.stringContaining('another onnxruntime already') as string,
    });
  });

  it('names a CUDA library that is missing', async () => {
    const libraries = ['nvidia/cublas/lib/libcublas.so.12'];
    vi.stubEnv('HAF_BACKENDS_DIR', onnxRuntimeFolders({ [name]: { libraries } }, pretended()));
    vi.stubEnv('HAF_ENCODER_DEVICE', 'cuda');
    const error = await refused();
    expect(error.what).toContain('libcublas.so.12');
    expect(error.fix).toContain('backend install --onnx --gpu');
  });
});
