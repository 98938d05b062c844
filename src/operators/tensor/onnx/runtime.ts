import { availableParallelism } from 'node:os';

/**
 * The part of onnxruntime-node that this program uses. The type declarations of the package are not used, because the
 * package may not be installed.
 */
export interface Runtime {
  readonly InferenceSession: {
    create(model: string | Uint8Array, options: object): Promise<OnnxSession>;
  };
  readonly Tensor: new (
    type: 'float32' | 'float64' | 'int32',
    data: Float32Array | Float64Array | Int32Array,
    dims: readonly number[],
  ) => OnnxTensor;
}
export interface OnnxTensor {
  readonly type: string;
  readonly data: unknown;
  readonly dims: readonly number[];
}
export type OnnxTensors = Readonly<Record<string, OnnxTensor>>;
export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * @param fetches outputs to compute; null for an output that the runtime allocates, a tensor for one that it writes
   * into
   */
  run(feeds: OnnxTensors, fetches?: Readonly<Record<string, OnnxTensor | null>>): Promise<OnnxTensors>;
}

const packageName = 'onnxruntime-node';

/** Name of the onnxruntime that this process has loaded: the package, or the folder of an onnxruntime with CUDA. */
let loaded: string | null = null;

/**
 * Records that this process loads an onnxruntime. Two releases in one process share symbols, so sessions of the first
 * release would fail.
 * @throws Error if the process has loaded another one
 */
export function claimRuntime(name: string): void {
  if (loaded !== null && loaded !== name)
    throw new Error(`this process has loaded another onnxruntime already (${loaded})`);
  loaded = name;
}

/** @throws any error that prevents the package from loading */
export async function loadRuntime(): Promise<Runtime> {
  claimRuntime(packageName);
  // The specifier is a variable, so that the compiler does not resolve a package that may be absent.
  const module = (await import(packageName)) as Runtime & { readonly default?: Runtime };
  return module.default ?? module;
}

/**
 * Number of cores for this process: a trainer gets its share of the machine's cores in HAF_THREADS; otherwise all are
 * used.
 */
const threads = (): number => Number(process.env['HAF_THREADS'] ?? '') || availableParallelism();

/** Options of a session on the CPU, or on another provider. */
export const sessionOptions = (provider = 'cpu', intraOpNumThreads = threads()): object => ({
  executionProviders: [provider],
  intraOpNumThreads,
  interOpNumThreads: 1,
  // Level 3 logs errors only. Users need no warnings about onnxruntime's own optimisations of the graph.
  logSeverityLevel: 3,
});
