/** Limits for reading one feature file (`embed.limits`). */
export interface ReadingLimits {
  /** Time limit for an empty file. Each MiB adds a second. */
  readonly seconds: number;
  /** Memory limit for the features of a file, as float32. */
  readonly memoryMiB: number;
}

/** Limits for files that are read without `embed.limits`: those that `init --from` examines, and given coordinates. */
export const defaultLimits: ReadingLimits = { seconds: 30, memoryMiB: 1024 };
