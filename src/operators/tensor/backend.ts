import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { HafError } from '../../pipeline/core/errors.js';
import { NativeRuntime } from './onnx/native.js';
import { registerTensorFlow } from './tensorflow.js';
import { installWasmMatMul } from './wasm-matmul.js';

/**
 * The backends a training job can run on, in order of preference. `onnx` is wasm with what reads bags done by the native
 * products of onnxruntime-node, which are several times faster.
 */
export const backendNames = ['tensorflow', 'onnx', 'wasm', 'cpu'] as const;
export type BackendName = (typeof backendNames)[number];
export type BackendPreference = BackendName | 'auto';

/** The backend TensorFlow.js computes on from now on, and why it was chosen, in a sentence for `doctor`. */
export interface LoadedBackend {
  readonly name: BackendName;
  readonly why: string;
}

/**
 * Loads a TensorFlow.js backend and makes it the current one of this process. `auto` takes the first of
 * `backendNames` that loads; the environment variable HAF_BACKEND takes its place when it is set.
 *
 * @throws HafError HAF_BACKEND_UNAVAILABLE when a backend asked for by name does not load, or none does.
 */
export async function loadBackend(preference: BackendPreference = 'auto'): Promise<LoadedBackend> {
  const wanted =
    preference === 'auto' ? preferenceFromEnvironment() : { name: preference, source: 'asked for' };
  if (wanted !== null) {
    const failure = await tryBackend(wanted.name);
    if (failure === null) return { name: wanted.name, why: wanted.source };
    throw unavailable(`The backend "${wanted.name}" does not load: ${failure}.`);
  }
  const failures: string[] = [];
  for (const name of backendNames) {
    const failure = await tryBackend(name);
    if (failure === null)
      return { name, why: failures.length === 0 ? 'the fastest there is' : failures.join('; ') };
    failures.push(`${name}: ${failure}`);
  }
  throw unavailable(`No TensorFlow.js backend loads: ${failures.join('; ')}.`);
}

let native: NativeRuntime | null = null;

/** The native products, when the backend is `onnx`. */
export const nativeProducts = (): NativeRuntime | null => native;

function preferenceFromEnvironment(): { name: BackendName; source: string } | null {
  const value = process.env['HAF_BACKEND'] ?? '';
  if (value === '' || value === 'auto') return null;
  const name = backendNames.find((candidate) => candidate === value);
  if (name) return { name, source: 'HAF_BACKEND' };
  throw unavailable(`HAF_BACKEND is "${value}", which is no backend.`);
}

const unavailable = (what: string): HafError =>
  new HafError('HAF_BACKEND_UNAVAILABLE', what, `Choose auto or one of ${backendNames.join(', ')}.`);

/** Null when the backend is current now, else why not. */
async function tryBackend(name: BackendName): Promise<string | null> {
  try {
    const products = name === 'onnx' ? await NativeRuntime.load() : null;
    const tensors = name === 'onnx' ? 'wasm' : name;
    await register[tensors]();
    if (!(await tf.setBackend(tensors))) return 'its initialisation failed';
    if (tensors === 'wasm') installWasmMatMul();
    native = products;
    return null;
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return reason.replace(/\.$/, '') || 'unknown reason';
  }
}

const register: Readonly<Record<Exclude<BackendName, 'onnx'>, () => Promise<void>>> = {
  tensorflow: registerTensorFlow,
  wasm: async () => {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    const binary = '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm';
    // Without a path the loader guesses one relative to its bundle, which bundlers and links move.
    setWasmPaths(`${dirname(createRequire(import.meta.url).resolve(binary))}/`);
  },
  cpu: async () => {
    await import('@tensorflow/tfjs-backend-cpu');
  },
};
