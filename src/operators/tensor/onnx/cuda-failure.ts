import { type Machine, thisMachine } from '../../../backends/machine.js';
import { reasonOf } from '../../../pipeline/core/errors.js';

/** What keeps CUDA from computing, and what to do about it. */
export interface CudaFailure {
  readonly reason: string;
  readonly fix: string;
  /** Whether the fault is in the installation of CUDA, and not in the machine. */
  readonly broken: boolean;
}

/** Values of `cudaError_t` (CUDA Runtime API) for errors whose cause the user can remove. */
const outOfMemory = 2;
const driverTooOld = 35;
const noDevice = 100;

/**
 * The number and the text of an error of CUDA in a message of onnxruntime. The rest of the message names places in the
 * source code of onnxruntime.
 */
function cudaError(message: string): { readonly number: number; readonly text: string } | null {
  const [, number, text] = /CUDA failure (\d+): ([^;\n]+)/.exec(message) ?? [];
  return number === undefined || text === undefined ? null : { number: Number(number), text: text.trim() };
}

/**
 * Explains an error of a session with the provider "cuda". Null if the error is not about CUDA, but for example about the model.
 *
 * @param driver oldest major version of NVIDIA's driver for this CUDA
 */
export function cudaFailure(
  thrown: unknown,
  driver: number,
  environment: NodeJS.ProcessEnv = process.env,
  machine: Machine = thisMachine(),
): CudaFailure | null {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (/Failed to load (?:shared )?library/i.test(message))
    return {
      reason: 'its CUDA provider, or a library that this needs, cannot be loaded',
      fix: 'Remove its folder and repeat "haf-pipeline backend install --onnx --gpu".',
      broken: true,
    };
  const error = cudaError(message);
  if (error === null && !/CUDAExecutionProvider|CUBLAS|CUDNN/.test(message)) return null;
  return { ...explained(message, error, driver, environment, machine), broken: false };
}

function explained(
  message: string,
  error: ReturnType<typeof cudaError>,
  driver: number,
  environment: NodeJS.ProcessEnv,
  machine: Machine,
): Omit<CudaFailure, 'broken'> {
  const install = `Install NVIDIA's driver, ${driver} or newer, or choose a machine that has it.`;
  if (!machine.gpu) return { reason: 'this machine has no NVIDIA driver', fix: install };
  if (error?.number === driverTooOld)
    return { reason: `NVIDIA's driver is too old (${error.text})`, fix: install };
  if (error?.number === noDevice) {
    const visible = environment['CUDA_VISIBLE_DEVICES'];
    const named = visible === undefined ? '' : ` (CUDA_VISIBLE_DEVICES is "${visible}")`;
    return {
      reason: `CUDA finds no GPU${named}`,
      fix: '"nvidia-smi" lists the GPUs. In a container, start it with access to them.',
    };
  }
  if (error?.number === outOfMemory)
    return {
      reason: 'the GPU has no memory left',
      fix: 'Every process that encodes loads the model: use fewer --workers (--slots of a worker), or a smaller embed.encoder.batch.',
    };
  return {
    reason: error === null ? reasonOf(message) : `CUDA error ${error.number}: ${error.text}`,
    fix: '"haf-pipeline backend test" repeats the attempt; "nvidia-smi" shows the driver and the GPUs.',
  };
}
