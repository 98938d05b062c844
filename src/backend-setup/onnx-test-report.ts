/** Result of the test of an ONNX runtime that computes right values on the CPU. */
export interface OnnxTestReport {
  readonly onnxruntime: string;
  /** Largest difference between a product of matrices on the CPU and its exact value. */
  readonly cpuError: number;
  /**
   * If CUDA works here: the largest difference of the product on the GPU from its exact value, and the milliseconds of
   * the product on the GPU and on the CPU. Otherwise: why CUDA does not work, and what to do.
   */
  readonly cuda:
    | { readonly works: true; readonly error: number; readonly ms: number; readonly cpuMs: number }
    | { readonly works: false; readonly reason: string; readonly fix: string };
}

/** Messages that the test process sends. */
export type OnnxTestMessage =
  | { readonly type: 'done'; readonly report: OnnxTestReport }
  | { readonly type: 'failed'; readonly reason: string };
