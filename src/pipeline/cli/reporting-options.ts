import type { RunsOptions } from './options.js';

/** `checklist`. */
export interface ChecklistOptions extends RunsOptions {
  /** Whether to replace files that somebody has edited. */
  readonly force?: boolean;
}

/** `ro-crate`. */
export interface CrateOptions extends RunsOptions {
  readonly author?: readonly string[];
  readonly licence?: string;
}
