import { loadRuntime, sessionOptions, type OnnxSession, type OnnxTensor, type Runtime } from './runtime.js';

/** The native products of a process: ONNX models built in code, run by onnxruntime on the CPU. */
export class NativeRuntime {
  private readonly sessions = new Map<string, Promise<OnnxSession>>();

  private constructor(private readonly runtime: Runtime) {}

  /** @throws whatever keeps the runtime from loading or from computing a product */
  static async load(): Promise<NativeRuntime> {
    return new NativeRuntime(await loadRuntime());
  }

  /**
   * The session of a model, made once: its name stands for its bytes. It computes on the thread that asks. More would spin
   * for each session between its products, and so take the cores from one another: a step took longer on two than on one.
   */
  session(name: string, model: () => Uint8Array): Promise<OnnxSession> {
    const known = this.sessions.get(name);
    if (known) return known;
    const session = this.runtime.InferenceSession.create(model(), sessionOptions('cpu', 1));
    this.sessions.set(name, session);
    // One that could not be made, for want of memory, is tried again when it is asked for again.
    session.catch(() => this.sessions.delete(name));
    return session;
  }

  /** A tensor over an array, which is neither copied nor changed unless it is an output. */
  tensor(data: Float32Array | Int32Array, dims: readonly number[]): OnnxTensor {
    return new this.runtime.Tensor(data instanceof Int32Array ? 'int32' : 'float32', data, dims);
  }

  /** Rows `from` to `to` of a matrix that lies in an array, row after row. */
  rows(values: Float32Array, from: number, to: number, columns: number): OnnxTensor {
    return this.tensor(values.subarray(from * columns, to * columns), [to - from, columns]);
  }
}
