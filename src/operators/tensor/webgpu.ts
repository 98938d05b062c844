import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { findWebGpu, testedWebGpu } from '../../backends/webgpu-packages.js';
import { HafError, reasonOf } from '../../pipeline/core/errors.js';
import { freeUnused, type BufferManager } from './gpu-buffers.js';
import { onRelease } from './release-backend.js';

/** The parts of the WebGPU API that are used here. */
interface Gpu {
  requestAdapter(options: { readonly powerPreference: 'high-performance' }): Promise<GpuAdapter | null>;
}
interface GpuAdapter {
  readonly limits: Readonly<Record<string, number>>;
  readonly info: {
    readonly vendor: string;
    readonly device: string;
    readonly description: string;
    readonly isFallbackAdapter?: boolean;
  };
  requestDevice(options: { readonly requiredLimits: Readonly<Record<string, number>> }): Promise<GpuDevice>;
}
interface GpuDevice {
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  addEventListener(type: 'uncapturederror', told: (event: { readonly error: Error }) => void): void;
  destroy(): void;
}
interface Dawn {
  readonly create: (flags: readonly string[]) => Gpu;
  readonly globals: object;
}
type Backend = tf.KernelBackend & { readonly bufferManager: BufferManager };
interface Kernels {
  readonly WebGPUBackend: new (device: GpuDevice, info: GpuAdapter['info']) => Backend;
}

/**
 * The GPU object of Dawn. It is kept for the whole process, because Dawn crashes if this object is garbage-collected
 * before the objects made from it.
 */
let gpu: Gpu | null = null;

/**
 * Opens the GPU through Dawn and registers its kernels with TensorFlow.js as the backend `webgpu`. Values can only be read with
 * `await tensor.data()`. An open device keeps a core busy and the process alive: see `releaseBackend`.
 *
 * @returns the name of the GPU, for messages
 * @throws HafError HAF_BACKEND_UNAVAILABLE naming what to install
 */
export function registerWebGpu(): Promise<string> {
  // The device is opened once, and all jobs of the process share it.
  opened ??= open().catch((error: unknown) => {
    opened = null;
    throw error;
  });
  return opened;
}

let opened: Promise<string> | null = null;

async function open(): Promise<string> {
  const { dawn, kernels } = await loadPackages();
  gpu ??= dawn.create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw noAdapter();
  const device = await adapter.requestDevice({ requiredLimits: wantedLimits(adapter.limits) });
  const backend = withNavigator(gpu, () => new kernels.WebGPUBackend(device, adapter.info));
  guardReads(backend, device);
  // With this flag on, TensorFlow.js computes small tensors on another backend and reads them synchronously, which
  // WebGPU does not support.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  tf.registerBackend('webgpu', () => backend);
  onRelease(() => {
    opened = null;
    device.destroy();
    tf.removeBackend('webgpu');
  });
  const { device: name, description, isFallbackAdapter } = adapter.info;
  return `${description || name}${isFallbackAdapter === true ? ', a software rasteriser' : ''}`;
}

async function loadPackages(): Promise<{ readonly dawn: Dawn; readonly kernels: Kernels }> {
  const { load, ...paths } = findWebGpu();
  try {
    const dawn = (await import(pathToFileURL(paths.dawn).href)) as Dawn;
    // The backend expects the WebGPU classes as globals, as in a browser. By them it distinguishes buffers and
    // textures.
    Object.assign(globalThis, dawn.globals);
    return { dawn, kernels: quietly(() => load(paths.kernels) as Kernels) };
  } catch (error) {
    throw notLoadable(error);
  }
}

/**
 * If a package brings its own copy of tfjs-core, the copy uses the same engine but prints a message to stderr. This
 * function suppresses the message.
 */
function quietly<T>(load: () => T): T {
  const before = tf.env().getBool('PROD');
  tf.env().set('PROD', true);
  try {
    return load();
  } finally {
    tf.env().set('PROD', before);
  }
}

/**
 * The backend looks for a browser's `navigator.gpu` when it is created. `navigator` is set only during the creation,
 * because with it other packages would take the process for a browser.
 */
function withNavigator<T>(own: Gpu, make: () => T): T {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: own }, configurable: true });
  try {
    return make();
  } finally {
    if (before) Object.defineProperty(globalThis, 'navigator', before);
    else Reflect.deleteProperty(globalThis, 'navigator');
  }
}

/**
 * Requests the largest limits of the GPU. Some sums have more inputs than the number of buffers per kernel that WebGPU
 * guarantees.
 */
const wantedLimits = (limits: GpuAdapter['limits']): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [
      'maxBufferSize',
      'maxComputeInvocationsPerWorkgroup',
      'maxComputeWorkgroupSizeX',
      'maxComputeWorkgroupStorageSize',
      'maxComputeWorkgroupsPerDimension',
      'maxStorageBufferBindingSize',
      'maxStorageBuffersPerShaderStage',
    ].map((name) => [name, limits[name] as number]),
  );

/**
 * WebGPU reports a faulty command or a lack of memory as an event and continues with zeros. All numbers leave the GPU through `read`,
 * so `read` throws from then on.
 */
function guardReads(backend: Backend, device: GpuDevice): void {
  // The first fault of the device. It is the cause of the errors of all reads after it.
  let fault: Error | null = null;
  device.addEventListener('uncapturederror', ({ error }) => {
    const kind = error.constructor.name === 'GPUOutOfMemoryError' ? 'out of memory: ' : '';
    fault ??= new Error(`${kind}${error.message}`);
  });
  void device.lost.then(({ message }) => (fault ??= new Error(`the device was lost: ${message}`)));
  const read = backend.read.bind(backend);
  backend.read = async (id) => {
    const values = await read(id).catch((error: unknown) => {
      throw failed(fault ?? (error instanceof Error ? error : new Error(String(error))));
    });
    if (fault !== null) throw failed(fault);
    freeUnused(backend.bufferManager);
    return values;
  };
}

const unavailable = (what: string, fix: string, cause?: unknown): HafError =>
  new HafError('HAF_BACKEND_UNAVAILABLE', what, fix, { cause });

const notLoadable = (error: unknown): HafError =>
  unavailable(
    `The packages of WebGPU cannot be loaded: ${reasonOf(error)}.`,
    `Install the tested versions: ${testedWebGpu} (docs/backends.md).`,
    error,
  );

const noAdapter = (): HafError =>
  unavailable(
    'WebGPU finds no GPU: there is no Vulkan driver, no loader (libvulkan1), or none that Dawn accepts.',
    'Install libvulkan1 and the driver of the GPU (vulkaninfo lists what there is). For a software driver on the CPU: mesa-vulkan-drivers 25 or newer.',
  );

const failed = (fault: Error): HafError =>
  new HafError(
    'HAF_BACKEND_FAILED',
    `The GPU failed: ${reasonOf(fault)}.`,
    'Check its memory and its driver; --backend auto computes without WebGPU.',
    { cause: fault },
  );
