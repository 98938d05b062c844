import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import {
  automaticBackends,
  backendNames,
  type BackendName,
  type BackendPreference,
} from '../../pipeline/core/backend-name.js';
import { HafError, reasonOf } from '../../pipeline/core/errors.js';
import { NativeRuntime } from './onnx/native.js';
import { releaseBackend } from './release-backend.js';
import { nativeDevice, nativeLibrary, registerTensorFlow } from './tensorflow.js';
import { installWasmMatMul } from './wasm-matmul.js';
import { registerWebGpu } from './webgpu.js';

/** The current backend of TensorFlow.js, and why it was chosen, as a sentence for `doctor`. */
export interface LoadedBackend {
  readonly name: BackendName;
  readonly why: string;
}

/**
 * Loads a TensorFlow.js backend and makes it the current one of this process. `auto` takes the first of
 * `automaticBackends` that can be loaded. If the environment variable HAF_BACKEND is set, it replaces `auto`. `onnx`
 * loads the backend wasm, but onnxruntime-node computes bags, the maps phi and the fusion network, several times faster
 * than wasm. Call `releaseBackend` when the work is done.
 *
 * @throws HafError HAF_BACKEND_UNAVAILABLE if a backend requested by name cannot be loaded, or none can.
 */
export async function loadBackend(preference: BackendPreference = 'auto'): Promise<LoadedBackend> {
  const wanted =
    preference === 'auto' ? preferenceFromEnvironment() : { name: preference, source: 'asked for' };
  if (wanted !== null) {
    const { name, source } = wanted;
    const attempt = await tryBackend(name);
    if (attempt.failure === undefined)
      return { name, why: attempt.on === undefined ? source : `${source}, on ${attempt.on}` };
    throw unavailable(`The backend "${name}" does not load: ${attempt.failure}.`, attempt.fix);
  }
  const failures: string[] = [];
  for (const name of automaticBackends) {
    const attempt = await tryBackend(name);
    if (attempt.failure === undefined) {
      const why = failures.length === 0 ? 'the fastest there is' : failures.join('; ');
      return { name, why: attempt.on === undefined ? why : `${why}, ${attempt.on}` };
    }
    failures.push(`${name}: ${attempt.failure}`);
  }
  throw unavailable(`No TensorFlow.js backend loads: ${failures.join('; ')}.`);
}

let native: NativeRuntime | null = null;

/**
 * The matrix products of onnxruntime-node (native products), if the backend is `onnx`, or if it is TensorFlow on the
 * CPU and onnxruntime-node can be loaded. Otherwise null.
 */
export const nativeProducts = (): NativeRuntime | null => native;

function preferenceFromEnvironment(): { name: BackendName; source: string } | null {
  const value = process.env['HAF_BACKEND'] ?? '';
  if (value === '' || value === 'auto') return null;
  const name = backendNames.find((candidate) => candidate === value);
  if (name) return { name, source: 'HAF_BACKEND' };
  throw unavailable(`HAF_BACKEND is "${value}", which is no backend.`);
}

const unavailable = (what: string, fix = `Choose auto or one of ${backendNames.join(', ')}.`): HafError =>
  new HafError('HAF_BACKEND_UNAVAILABLE', what, fix);

/**
 * The result of loading a backend. Without a `failure`, it is now the current backend. `on` names the device if the
 * backend can compute on several.
 */
type Attempt =
  { readonly failure?: never; readonly on?: string } | { readonly failure: string; readonly fix?: string };

async function tryBackend(name: BackendName): Promise<Attempt> {
  try {
    if (name !== 'webgpu') releaseBackend();
    const products = name === 'onnx' ? await NativeRuntime.load() : null;
    const tensors = name === 'onnx' ? 'wasm' : name;
    const on = await register[tensors]();
    if (!(await tf.setBackend(tensors))) return { failure: 'its initialisation failed' };
    if (tensors === 'wasm') installWasmMatMul();
    // TensorFlow on the CPU also uses the native products: a step takes half as long as with TensorFlow's single
    // operations.
    native =
      products ?? (nativeLibrary()?.gpu === false ? await NativeRuntime.load().catch(() => null) : null);
    if (tensors === 'tensorflow') return { on: nativeDevice() };
    return typeof on === 'string' ? { on } : {};
  } catch (error) {
    const failure = reasonOf(error);
    return error instanceof HafError ? { failure, fix: error.fix } : { failure };
  }
}

const register: Readonly<Record<Exclude<BackendName, 'onnx'>, () => Promise<string | void>>> = {
  webgpu: registerWebGpu,
  tensorflow: registerTensorFlow,
  wasm: async () => {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    const binary = '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm';
    // Without this call, the loader guesses the path of the wasm file relative to its bundle. The guess is wrong after
    // bundling or linking.
    setWasmPaths(`${dirname(createRequire(import.meta.url).resolve(binary))}/`);
  },
  cpu: async () => {
    await import('@tensorflow/tfjs-backend-cpu');
  },
};
