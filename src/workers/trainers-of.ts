import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { chooseInstalled } from '../backends/installed.js';
import { visibleGpus } from './gpus.js';

/** Concurrent jobs per GPU. Their folds are trained in lockstep, and five folds keep a GPU busy. */
export const foldsPerGpu = 5;

export interface TrainerPlan {
  /** Number of concurrent training jobs. */
  readonly slots: number;
  /** One entry per training process: the GPU that it may use, or null if the worker sees no GPU. */
  readonly gpuOf: readonly (string | null)[];
}

/**
 * The training processes of a worker and their devices. On the CPU each job has a process of its own. On a GPU the jobs
 * share a process, so that their folds train in lockstep and share one copy of each bag.
 *
 * @param asked number of concurrent training jobs, at least 1; null for the default of the machine
 */
export function trainersOf(
  backend: string,
  asked: number | null,
  gpus = visibleGpus(),
  tensorFlowKnowsGpus = nativeGpu(),
): TrainerPlan {
  // For training, WebGPU chooses the GPU itself. This entry is for image encoders, which do not choose a GPU.
  const webGpu = [gpus[0] ?? null];
  const devices = backend === 'webgpu' ? webGpu : shared(backend, tensorFlowKnowsGpus) ? gpus : [];
  if (devices.length > 0) {
    const slots = asked ?? devices.length * foldsPerGpu;
    return { slots, gpuOf: devices.slice(0, slots) };
  }
  const slots = asked ?? availableParallelism();
  // Training uses the CPU here. Image encoders may still use a GPU.
  return { slots, gpuOf: Array.from({ length: slots }, (_, slot) => gpus[slot % gpus.length] ?? null) };
}

const shared = (backend: string, tensorFlowKnowsGpus: boolean): boolean =>
  tensorFlowKnowsGpus && (backend === 'auto' || backend === 'tensorflow');

/** Whether the TensorFlow that trainers would load is built for GPUs. This function does not load it. */
function nativeGpu(): boolean {
  try {
    const installed = chooseInstalled();
    if (installed !== null) return installed.description?.gpu ?? false;
    createRequire(import.meta.url).resolve('@tensorflow/tfjs-node-gpu');
    return true;
  } catch {
    return false;
  }
}
