/** Result of the test of an ONNX runtime that computes right values on the CPU. */
export interface OnnxTestReport {
  readonly onnxruntime: string;
  /** Largest difference between a product of matrices on the CPU and its exact value. */
  readonly cpuError: number;
  /** What the same product took and differed by on the GPU; or why CUDA does not compute here. */
  readonly cuda:
    | { readonly works: true; readonly error: number; readonly ms: number; readonly cpuMs: number }
    | { readonly works: false; readonly reason: string; readonly fix: string };
}

/** Messages of the process of the test. */
export type OnnxTestMessage =
  | { readonly type: 'done'; readonly report: OnnxTestReport }
  | { readonly type: 'failed'; readonly reason: string };
