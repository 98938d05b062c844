import { basename } from 'node:path';
import { HafError, isMachineFault, reasonOf } from '../../pipeline/core/errors.js';
import type { SourceFile } from '../../pipeline/stage.js';
import { layOutParts } from '../slides/lay-out-parts.js';
import { sessionOptions, type OnnxSession } from '../tensor/onnx/runtime.js';
import { cudaError, encoderRuntime, type EncoderRuntime } from './encoder-runtime.js';

/** Float32 numbers and their shape. */
export interface Floats {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** A model with one input. `run` returns its first output. */
export interface OnnxModel {
  /** The device that computes: "cuda" or "cpu". */
  readonly provider: 'cpu' | 'cuda';
  /** @throws the runtime's error, for example about a shape that the model does not accept */
  run(input: Floats): Promise<Floats>;
}

async function createSession(
  { runtime, provider, installed }: EncoderRuntime,
  path: string,
): Promise<OnnxSession> {
  try {
    return await runtime.InferenceSession.create(path, sessionOptions(provider));
  } catch (failure) {
    if (isMachineFault(failure)) throw HafError.from(failure);
    const onGpu = installed === null ? null : cudaError(failure, installed);
    if (onGpu !== null) throw onGpu;
    throw new HafError(
      'HAF_ENCODER_UNFIT',
      `${basename(path)} cannot be loaded as an ONNX model: ${reasonOf(failure)}.`,
      /IR version|opset/i.test(reasonOf(failure))
        ? 'The model was exported for a newer runtime: export it as docs/encoders.md says (dynamo=False), or replace this onnxruntime-node by a newer one.'
        : 'Check embed.encoder.onnx: it names one .onnx file, complete, with its weights inside or beside it.',
      { cause: failure },
    );
  }
}

async function open(path: string, name: string): Promise<OnnxModel> {
  const used = await encoderRuntime();
  const { runtime, provider, installed } = used;
  const session = await createSession(used, path);
  const [input, ...others] = session.inputNames;
  const [output] = session.outputNames;
  if (input === undefined || others.length > 0 || output === undefined)
    throw new HafError(
      'HAF_ENCODER_UNFIT',
      `${name} has ${session.inputNames.length} inputs (${session.inputNames.join(', ')}); an image encoder has one.`,
      'Export the image encoder alone, with one input [batch, 3, height, width].',
    );
  return {
    provider,
    run: async ({ data, dims }) => {
      const feeds = { [input]: new runtime.Tensor('float32', data, dims) };
      const results = await session.run(feeds).catch((failure: unknown) => {
        throw (installed === null ? null : cudaError(failure, installed)) ?? failure;
      });
      const result = results[output];
      if (!(result?.data instanceof Float32Array))
        throw new HafError(
          'HAF_ENCODER_UNFIT',
          `The output "${output}" of ${name} is ${result?.type ?? 'absent'}, not float32.`,
          'Export the model with a float32 output; its weights may be float16.',
        );
      return { data: result.data, dims: result.dims };
    },
  };
}

let kept: { readonly content: string; readonly model: Promise<OnnxModel> } | null = null;

async function openLaidOut(file: SourceFile, weights: readonly SourceFile[]): Promise<OnnxModel> {
  const { path, remove } = layOutParts(file, weights, file.role);
  try {
    return await open(path, basename(file.name));
  } finally {
    remove();
  }
}

/**
 * Loads the model of a file, once per process: a ViT-L takes seconds and 2.4 GB. Loading another model replaces it.
 *
 * @param file the ONNX file
 * @param weights files with its weights, if they are stored in separate files
 * @throws HafError HAF_ENCODER_UNFIT if the runtime is not installed, or if the file is not a model with one image
 * input; HAF_BACKEND_UNAVAILABLE if the device is the GPU and CUDA cannot load the model
 */
export function onnxModel(file: SourceFile, weights: readonly SourceFile[] = []): Promise<OnnxModel> {
  const content = [file, ...weights].map(({ sha256 }) => sha256).join();
  if (kept?.content === content) return kept.model;
  const model = openLaidOut(file, weights);
  kept = { content, model };
  // A failure is not cached: at the next job the package may be installed, or memory may be free.
  model.catch(() => {
    kept = null;
  });
  return model;
}
