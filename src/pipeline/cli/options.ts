import { InvalidArgumentError, Option } from 'commander';

/** Where runs and artifacts live. Both paths are relative to the working directory. */
export interface PlaceOptions {
  readonly runs: string;
  readonly store: string;
}

/** The experiment a command works on. */
export interface ExperimentOptions {
  readonly config: string;
  readonly set: readonly string[];
  readonly data?: string;
}

export type BackendPreference = 'auto' | 'tensorflow' | 'wasm' | 'cpu';

export interface PlanOptions extends ExperimentOptions, PlaceOptions {
  readonly json?: boolean;
}

export interface UpOptions extends PlanOptions {
  readonly workers: number;
  readonly backend: BackendPreference;
  /** Only print the plan. */
  readonly dryRun?: boolean;
}

/** `replay STAGE` of a finished or stopped run; the experiment is the run's own, changed by `set`. */
export interface ReplayOptions extends PlaceOptions {
  readonly run: string;
  readonly fold?: number;
  readonly set: readonly string[];
  readonly data?: string;
  readonly workers: number;
  readonly backend: BackendPreference;
  /** Also run what depends on the stage. */
  readonly downstream?: boolean;
  /** Compute again even when the artifact is there. */
  readonly force?: boolean;
  readonly json?: boolean;
}

export interface ExplainOptions extends PlaceOptions {
  readonly run: string;
  readonly fold?: number;
  readonly json?: boolean;
}

export interface RunsOptions {
  readonly runs: string;
  readonly json?: boolean;
}

export interface InspectOptions {
  readonly config?: string;
  readonly set: readonly string[];
  readonly json?: boolean;
}

export interface DoctorOptions extends PlaceOptions {
  readonly backend: BackendPreference;
  readonly json?: boolean;
}

export interface SynthOptions {
  readonly patients: number;
  readonly seed: number;
  readonly width: number;
}

/** `--set key=value`, gathered in the order given. */
export const setOption = (): Option =>
  new Option('--set <key=value>', 'change one key of the experiment (repeatable)')
    .default([], 'none')
    .argParser((value: string, before: readonly string[]) => [...before, value]);

/** `--backend`: which tensor library trains. */
export const backendOption = (): Option =>
  new Option('--backend <name>', 'tensor library; auto takes the fastest that loads')
    .choices(['auto', 'tensorflow', 'wasm', 'cpu'])
    .default('auto');

/** Reads an integer of at least `least`. @throws InvalidArgumentError, which ends the command with exit code 64 */
export const wholeNumber =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`expected a whole number of at least ${least}.`);
    return value;
  };
