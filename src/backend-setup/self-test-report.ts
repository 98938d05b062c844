/** Result of the self-test of a native TensorFlow, which compares its values with those of wasm. */
export interface SelfTestReport {
  /** Version of libtensorflow, as the library reports it. */
  readonly tensorflow: string;
  /** Whether the backend computes on a GPU. */
  readonly onGpu: boolean;
  /** Largest difference between a product of matrices and its exact value. */
  readonly productError: number;
  /** Largest difference between a gradient and the one that wasm computes, relative to the largest value of its array. */
  readonly gradientError: number;
  /**
   * Median time of one training step of stage 1, forward and backward, in milliseconds: `ms` with TensorFlow, `wasmMs`
   * with wasm. The step has `bags` bags of `rows` instances each.
   */
  readonly speed: readonly {
    readonly bags: number;
    readonly rows: number;
    readonly ms: number;
    readonly wasmMs: number;
  }[];
  /** Number of threads from HAF_THREADS; null if TensorFlow chose it. */
  readonly threads: number | null;
}

/** Messages that the self-test process sends to the process that started it. */
export type SelfTestMessage =
  | { readonly type: 'done'; readonly report: SelfTestReport }
  | { readonly type: 'failed'; readonly reason: string };
