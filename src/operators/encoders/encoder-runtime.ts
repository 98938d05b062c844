import { type Machine, thisMachine } from '../../backends/machine.js';
import { chooseOnnxRuntime, type UsableOnnxRuntime } from '../../backends/onnxruntime.js';
import { HafError, reasonOf } from '../../pipeline/core/errors.js';
import { cudaFailure } from '../tensor/onnx/cuda-failure.js';
import { loadGpuRuntime } from '../tensor/onnx/gpu-runtime.js';
import { loadRuntime, type Runtime } from '../tensor/onnx/runtime.js';

/** The onnxruntime that computes the encoder, and its device. */
export interface EncoderRuntime {
  readonly runtime: Runtime;
  readonly provider: 'cpu' | 'cuda';
  /** The installed runtime with CUDA. Null for the package onnxruntime-node. */
  readonly installed: UsableOnnxRuntime | null;
}

const devices = ['auto', 'cpu', 'cuda'] as const;
type Device = (typeof devices)[number];

/**
 * The device that HAF_ENCODER_DEVICE names. It is a property of the machine, like the tensor library, and not of the
 * experiment.
 * @throws HafError HAF_USAGE for another word
 */
function wantedDevice(environment: NodeJS.ProcessEnv): Device {
  const word = environment['HAF_ENCODER_DEVICE'] || 'auto';
  const device = devices.find((one) => one === word);
  if (device !== undefined) return device;
  throw new HafError(
    'HAF_USAGE',
    `HAF_ENCODER_DEVICE is "${word}".`,
    `Set it to one of ${devices.join(', ')}, or unset it.`,
  );
}

/** Whether the worker assigned a GPU to this process. */
const hasGpu = (environment: NodeJS.ProcessEnv): boolean =>
  !['', '-1'].includes(environment['CUDA_VISIBLE_DEVICES'] ?? '');

/**
 * Whether this machine has an NVIDIA driver and an installed onnxruntime with CUDA, although the worker assigned no
 * GPU. False if CUDA_VISIBLE_DEVICES is set without a GPU, because then a person chose the CPU.
 */
const overlooked = (environment: NodeJS.ProcessEnv, machine: Machine): boolean =>
  environment['CUDA_VISIBLE_DEVICES'] === undefined &&
  machine.gpu &&
  chooseOnnxRuntime(undefined, machine) !== null;

const installFix =
  'Install it again: npm install onnxruntime-node --ignore-scripts (without --ignore-scripts, later releases also download GPU libraries; if that download fails, so does the installation).';

let told = false;

/**
 * Loads the onnxruntime for image encoders. `auto` uses the GPU if the worker assigned one to this process and `backend
 * install --onnx --gpu` was run. If only one of these two conditions holds on a machine with a GPU, the CPU is used and
 * `warn` is called once.
 *
 * @param warn receives the sentence about a GPU that is not used
 * @param machine the machine of this process
 * @throws HafError HAF_ENCODER_UNFIT if onnxruntime-node is not installed; HAF_BACKEND_UNAVAILABLE if
 * HAF_ENCODER_DEVICE is cuda and CUDA is not installed, or if it cannot be loaded
 */
export async function encoderRuntime(
  environment: NodeJS.ProcessEnv = process.env,
  warn: (text: string) => void = (text) => void process.stderr.write(`${text}\n`),
  machine: () => Machine = thisMachine,
): Promise<EncoderRuntime> {
  const warnOnce = (text: string): void => {
    if (!told) warn(`haf-pipeline: images are encoded on the CPU ${text}`);
    told = true;
  };
  const device = wantedDevice(environment);
  if (device === 'cpu') return onCpu();
  if (device === 'auto' && !hasGpu(environment)) {
    if (overlooked(environment, machine()))
      warnOnce(
        'although this machine has an NVIDIA driver: "nvidia-smi -L" listed no GPU, is missing, or took longer than 30 s. Set HAF_ENCODER_DEVICE=cuda to use the first GPU, or CUDA_VISIBLE_DEVICES to the numbers of several (0,1). HAF_ENCODER_DEVICE=cpu turns this warning off.',
      );
    return onCpu();
  }
  const installed = chooseOnnxRuntime();
  if (installed !== null) return { runtime: loaded(installed), provider: 'cuda', installed };
  if (device === 'cuda')
    throw new HafError(
      'HAF_BACKEND_UNAVAILABLE',
      'HAF_ENCODER_DEVICE is cuda, but no onnxruntime with CUDA is installed that fits this machine.',
      'Run "haf-pipeline backend install --onnx --gpu", or set HAF_ENCODER_DEVICE=cpu.',
    );
  warnOnce(
    'although this machine has a GPU. "haf-pipeline backend install --onnx --gpu" installs what the GPU needs.',
  );
  return onCpu();
}

async function onCpu(): Promise<EncoderRuntime> {
  try {
    return { runtime: await loadRuntime(), provider: 'cpu', installed: null };
  } catch (error) {
    throw new HafError(
      'HAF_ENCODER_UNFIT',
      `embed.encoder.onnx needs the package onnxruntime-node, which cannot be loaded here: ${reasonOf(error)}.`,
      installFix,
      { cause: error },
    );
  }
}

function loaded(installed: UsableOnnxRuntime): Runtime {
  try {
    return loadGpuRuntime(installed);
  } catch (error) {
    throw unusable(installed, {
      reason: reasonOf(error),
      fix: 'Remove its folder and repeat "haf-pipeline backend install --onnx --gpu".',
      cause: error,
    });
  }
}

/**
 * The error to report if CUDA is the reason that a model could not be loaded or computed. Null if the model is the
 * reason.
 */
export function cudaError(thrown: unknown, installed: UsableOnnxRuntime): HafError | null {
  const failure = cudaFailure(thrown, installed.description.driver);
  return failure === null ? null : unusable(installed, { ...failure, cause: thrown });
}

const unusable = (
  { name, folder }: UsableOnnxRuntime,
  { reason, fix, cause }: { readonly reason: string; readonly fix: string; readonly cause: unknown },
): HafError =>
  new HafError(
    'HAF_BACKEND_UNAVAILABLE',
    `Images cannot be encoded on the GPU with ${name} (${folder}): ${reason}.`,
    `${fix} To encode on the CPU, set HAF_ENCODER_DEVICE=cpu.`,
    { cause },
  );
