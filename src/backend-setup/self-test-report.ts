/** What the self-test of a backend found; it computes what wasm computes. */
export interface SelfTestReport {
  /** Version of libtensorflow, as it says itself. */
  readonly tensorflow: string;
  /** Whether it computes on a GPU. */
  readonly onGpu: boolean;
  /** Largest difference of a product of matrices from the exact one. */
  readonly productError: number;
  /** Largest difference of a gradient from the one wasm finds, relative to the largest of its array. */
  readonly gradientError: number;
  /** Median time of a step of stage 1, forward and backward. */
  readonly speed: readonly {
    readonly bags: number;
    readonly rows: number;
    readonly ms: number;
    readonly wasmMs: number;
  }[];
  /** Threads it was given: HAF_THREADS, or those of TensorFlow's own choice. */
  readonly threads: number | null;
}

/** Messages of the process that runs it. */
export type SelfTestMessage =
  | { readonly type: 'done'; readonly report: SelfTestReport }
  | { readonly type: 'failed'; readonly reason: string };
