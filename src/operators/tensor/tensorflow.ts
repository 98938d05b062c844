import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { addonFile, coreKey, packageFolder } from '../../backends/binding-folder.js';
import { chooseInstalled, type InstalledBackend } from '../../backends/installed.js';
import { thisMachine } from '../../backends/machine.js';

const load = createRequire(import.meta.url);

/**
 * Registers a native TensorFlow library with TensorFlow.js. It uses a library that `haf-pipeline backend install`
 * built. HAF_TENSORFLOW chooses among several such libraries. Without one, it uses an npm package.
 *
 * @throws HafError HAF_BACKEND_UNAVAILABLE if HAF_TENSORFLOW names a library that is missing or does not fit this
 * machine
 * @throws Error with the reason why no library can be loaded
 */
export async function registerTensorFlow(): Promise<void> {
  prepareProcess();
  const installed = chooseInstalled();
  if (installed === null) await importPackage();
  else registerInstalled(installed);
}

/** Sets environment variables that the TensorFlow library reads when it is loaded, unless the user has set them. */
function prepareProcess(): void {
  const threads = process.env['HAF_THREADS'] ?? '';
  if (threads !== '') process.env['TF_NUM_INTRAOP_THREADS'] ??= threads;
  // Level 2 shows errors only. The messages of lower levels are about how the library was compiled.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  // Without this variable, TensorFlow allocates all GPU memory at once, even in `doctor` beside a training job.
  process.env['TF_FORCE_GPU_ALLOW_GROWTH'] ??= 'true';
  // The TensorFlow kernels call two functions of `node:util` that Node 23 has removed. So they are defined here.
  const utilities = load('node:util') as Record<string, unknown>;
  utilities['isNullOrUndefined'] = (value: unknown) => value === null || value === undefined;
  utilities['isArray'] = Array.isArray;
}

type KernelBackend = new (addon: unknown, packageName: string) => tf.KernelBackend;

let registered: string | null = null;
/** Whether the library that is loaded was built with CUDA. */
let knowsGpus = false;

function registerInstalled({ name, folder, description }: InstalledBackend): void {
  if (registered !== null) {
    // A second library in one process would share symbols with the first, so it is refused.
    if (registered === folder) return;
    throw new Error(`this process has loaded ${registered} already`);
  }
  try {
    // The native addon is loaded first, because loading it may fail. If it fails, no kernel has been registered yet.
    const addon: unknown = load(addonFile(folder));
    Reflect.set(globalThis, Symbol.for(coreKey), load('@tensorflow/tfjs-core'));
    const module = (file: string): unknown => load(join(packageFolder(folder), 'dist', file));
    module('register_all_kernels.js');
    const { NodeJSKernelBackend } = module('nodejs_kernel_backend.js') as {
      readonly NodeJSKernelBackend: KernelBackend;
    };
    const packageName = `@tensorflow/tfjs-node${description?.gpu ? '-gpu' : ''}`;
    tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(addon, packageName));
    registered = folder;
    knowsGpus = description?.gpu ?? false;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${name} in ${folder} cannot be loaded: ${reason}`, { cause: error });
  }
}

async function importPackage(): Promise<void> {
  // Optional packages. The specifier is a variable, so that the compiler does not resolve them.
  const packages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];
  for (const name of packages) {
    try {
      await import(name);
      knowsGpus = name.endsWith('-gpu');
      return;
    } catch {
      // This package cannot be loaded, so the loop tries the next one. The error below names both packages.
    }
  }
  throw new Error(
    'none is installed that fits this machine ("haf-pipeline backend install" builds one), and neither @tensorflow/tfjs-node-gpu nor @tensorflow/tfjs-node loads',
  );
}

let told = false;

/**
 * What the native library computes on, as text for the user. If a GPU exists but is not used, stderr also gets one
 * message with the reason, so that the user notices.
 */
export function nativeDevice(
  library = nativeLibrary(),
  builtForGpus = knowsGpus,
  driver = thisMachine().gpu,
  warn: (text: string) => void = (text) => void process.stderr.write(`${text}\n`),
): string {
  if (library === null) return 'no native library';
  const name = `TensorFlow ${library.version}`;
  if (library.gpu) return `${name} on the GPU`;
  if (!builtForGpus || !driver) return `${name} on the CPU`;
  const why = 'CUDA finds no GPU that it can use (nvidia-smi tells the driver; CUDA 12 needs 525 or newer)';
  if (!told)
    warn(
      `haf-pipeline: ${name} computes on the CPU: ${why}. Until that is repaired, --backend onnx trains a fold on each core.`,
    );
  told = true;
  return `${name} on the CPU: ${why}`;
}

/** Version and device of the native library. Null if the current backend is another one. */
export function nativeLibrary(): { readonly version: string; readonly gpu: boolean } | null {
  if (tf.getBackend() !== 'tensorflow') return null;
  const { binding, isUsingGpuDevice } = tf.backend() as unknown as {
    readonly binding: { readonly TF_Version: string };
    readonly isUsingGpuDevice: boolean;
  };
  return { version: binding.TF_Version, gpu: isUsingGpuDevice };
}
