import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { chooseInstalled } from '../backends/installed.js';
import { visibleGpus } from './gpus.js';

/** Jobs at once on a GPU: their folds are trained in lockstep, and with five it is busy. */
export const foldsPerGpu = 5;

export interface TrainerPlan {
  /** Training jobs at once. */
  readonly slots: number;
  /** The GPU each training process may use; null where there is none to choose. */
  readonly gpuOf: readonly (string | null)[];
}

/**
 * How many training processes a worker has and what they compute on. Jobs on the CPU have a process each; jobs on a GPU
 * share one, so that their folds can be trained in lockstep on bags that lie there once.
 *
 * @param asked training jobs at once, 1 at least; null for as many as the machine bears
 */
export function trainersOf(
  backend: string,
  asked: number | null,
  gpus = visibleGpus(),
  tensorFlowKnowsGpus = nativeGpu(),
): TrainerPlan {
  // WebGPU chooses among GPUs itself; image encoders do not.
  const webGpu = [gpus[0] ?? null];
  const devices = backend === 'webgpu' ? webGpu : shared(backend, tensorFlowKnowsGpus) ? gpus : [];
  if (devices.length > 0) {
    const slots = asked ?? devices.length * foldsPerGpu;
    return { slots, gpuOf: devices.slice(0, slots) };
  }
  const slots = asked ?? availableParallelism();
  // Image encoders find their GPU even where training does not.
  return { slots, gpuOf: Array.from({ length: slots }, (_, slot) => gpus[slot % gpus.length] ?? null) };
}

const shared = (backend: string, tensorFlowKnowsGpus: boolean): boolean =>
  tensorFlowKnowsGpus && (backend === 'auto' || backend === 'tensorflow');

/** Whether the TensorFlow that trainers would load was built for GPUs; nothing is loaded. */
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
