import { loadRuntime, sessionOptions, type OnnxSession, type OnnxTensor, type Runtime } from './runtime.js';

/** Runs the matrix products of a process in onnxruntime on the CPU, as ONNX models that are built in code. */
export class NativeRuntime {
  private readonly sessions = new Map<string, Promise<OnnxSession>>();

  private constructor(private readonly runtime: Runtime) {}

  /** @throws any error that prevents the runtime from loading or from computing a product */
  static async load(): Promise<NativeRuntime> {
    return new NativeRuntime(await loadRuntime());
  }

  /**
   * The session of a model, created once for each name, so the name must identify the bytes of the model. A session
   * computes only on the calling thread. Additional threads of each session would keep cores busy while they wait
   * between matrix products: a step took longer on two threads than on one.
   */
  session(name: string, model: () => Uint8Array): Promise<OnnxSession> {
    const known = this.sessions.get(name);
    if (known) return known;
    const session = this.runtime.InferenceSession.create(model(), sessionOptions('cpu', 1));
    this.sessions.set(name, session);
    // A session that could not be created, for lack of memory, is tried again at the next request.
    session.catch(() => this.sessions.delete(name));
    return session;
  }

  /** A tensor over an array. The array is not copied, and it is changed only if it is an output. */
  tensor(data: Float32Array | Int32Array, dims: readonly number[]): OnnxTensor {
    return new this.runtime.Tensor(data instanceof Int32Array ? 'int32' : 'float32', data, dims);
  }

  /** Rows `from` to `to` of a matrix that is stored in an array, row by row. */
  rows(values: Float32Array, from: number, to: number, columns: number): OnnxTensor {
    return this.tensor(values.subarray(from * columns, to * columns), [to - from, columns]);
  }
}
