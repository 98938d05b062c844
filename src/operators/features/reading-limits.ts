/** What one feature file may cost (`embed.limits`). */
export interface ReadingLimits {
  /** Time for a file without content; each MiB of it may take another second. */
  readonly seconds: number;
  /** Room for the features of a file, as float32. */
  readonly memoryMiB: number;
}

/** For files that are looked at before there is an experiment. */
export const defaultLimits: ReadingLimits = { seconds: 30, memoryMiB: 1024 };
