import { InvalidArgumentError, Option, type Command } from 'commander';
import type { BrokerOptions } from '../broker/connect-options.js';
import type { PageOptions } from '../page/page-address.js';
import type { MetricsAddress } from '../observe/serve.js';
import { backendPreferences, type BackendPreference } from '../core/backend-name.js';
import type { ModalityId } from '../core/modality.js';
import type { JobClass } from '../stage.js';

/** What monitoring reads. */
export interface MetricsOptions {
  /** Where `/metrics` and `/healthz` are served. */
  readonly metrics?: MetricsAddress;
  /** File with the token that a reader of metrics has to send. */
  readonly metricsToken?: string;
  /** Why the port needs none. */
  readonly metricsOpen?: string;
}

/** Where runs and artifacts live. Paths are relative to the working directory; the store may be an s3:// address. */
export interface PlaceOptions {
  readonly runs: string;
  readonly store: string;
  /** Folder for copies of what lies in an s3:// store, and its size in GiB. */
  readonly cache?: string;
  readonly cacheSize?: number;
}

/** The experiment a command works on. */
export interface ExperimentOptions {
  readonly config: string;
  readonly set: readonly string[];
  readonly data?: string;
}

export interface PlanOptions extends ExperimentOptions, PlaceOptions {
  /** Hash every file of the cohort again. */
  readonly verify?: boolean;
  readonly json?: boolean;
}

/** Silence after which a worker loses its job, where nobody says otherwise. */
export const defaultLeaseSeconds = 60;

/** How a run is executed, by `up` as by `replay`. */
export interface RunOptions extends BrokerOptions, MetricsOptions {
  /** Training jobs at once on this machine; as many as it bears when nobody says. */
  readonly workers?: number;
  readonly backend: BackendPreference;
  readonly checkpointEpochs: number;
  /** False after `--no-broker`. */
  readonly broker: boolean;
  /** Address on which the broker is reached by workers of other machines. */
  readonly listen?: string;
  readonly tls?: boolean;
  /** Folder of users and certificates of a broker that listens. */
  readonly security?: string;
  /** Seconds of silence after which a worker loses its job. */
  readonly lease: number;
  /** Puts the cohort's files into the store, for workers that do not have them. */
  readonly shareData?: boolean;
  readonly json?: boolean;
}

export interface UpOptions extends PlanOptions, RunOptions, PageOptions {
  /** Only print the plan. */
  readonly dryRun?: boolean;
}

export interface WorkerOptions extends BrokerOptions, MetricsOptions {
  readonly class: readonly JobClass[];
  /** Training jobs at once; five for each GPU, or one for each core. */
  readonly slots?: number;
  readonly data?: string;
  /** In place of the store that the run names. */
  readonly store?: string;
  readonly cache?: string;
  readonly cacheSize?: number;
  readonly backend: BackendPreference;
  readonly checkpointEpochs: number;
  /** Seconds to finish the running jobs when told to leave. */
  readonly grace: number;
  /** Seconds without a job after which it leaves. */
  readonly idleExit?: number;
  readonly anyVersion?: boolean;
}

/** Commands that look at a broker. */
export interface LookOptions extends BrokerOptions {
  readonly store: string;
  readonly json?: boolean;
}

export interface WatchOptions extends LookOptions {
  readonly from: 'start' | 'now';
}

/** `bundle RUN`: a method of a run as one file. */
export interface BundleOptions extends PlaceOptions, RunOptions {
  readonly method: string;
  readonly out: string;
  readonly licence?: string;
  readonly force?: boolean;
}

/** `predict FILE`: new patients. */
export interface PredictOptions extends PlaceOptions, RunOptions {
  readonly data?: string;
  readonly config?: string;
  readonly set: readonly string[];
  readonly out: string;
  /** Table whose ids alone are predicted. */
  readonly patients?: string;
  readonly trainedPatients?: boolean;
  readonly heatmaps?: boolean;
  /** Jobs that share the patients. */
  readonly parts?: number;
}

/** `validate FILE`: the options of `predict`, and groups of patients. */
export interface ValidateOptions extends PredictOptions {
  /** Columns by which patients are grouped. */
  readonly by: readonly string[];
}

/** `replay STAGE` of a finished or stopped run; the experiment is the run's own, changed by `set`. */
export interface ReplayOptions extends PlaceOptions, RunOptions {
  readonly run: string;
  readonly fold?: number;
  readonly set: readonly string[];
  readonly data?: string;
  /** Also run what depends on the stage. */
  readonly downstream?: boolean;
  /** Compute again even when the artifact is there. */
  readonly force?: boolean;
}

/** `tile` and `embed` of files named on the command line. */
export interface BagCommandOptions extends PlaceOptions, RunOptions {
  readonly out: string;
  /** Replace files of other content in `out`. */
  readonly force?: boolean;
  readonly modality?: ModalityId;
  /** Folder of coordinate files to take in place of looking for tissue. */
  readonly coords?: string;
  /** An experiment whose settings are taken. */
  readonly config?: string;
  readonly set: readonly string[];
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

/** `store verify` and `store repair`. */
export interface StoreOptions {
  readonly store: string;
  readonly json?: boolean;
}

/** `store gc`. */
export interface StoreGcOptions extends StoreOptions {
  readonly runs: string;
  /** Remove what no run needs; only list it without. */
  readonly delete?: boolean;
}

export interface CompareOptions extends RunsOptions {
  /** The method to compare; all that both runs have if absent. */
  readonly method?: string;
  /** A method of the first run and one of the second. */
  readonly methods?: readonly string[];
}

export interface InitOptions {
  /** Folder of a cohort to write the experiment for. */
  readonly from?: string;
  /** Name of the experiment. */
  readonly name?: string;
}

export interface InspectOptions {
  readonly config?: string;
  /** CSV file for a line about each file of the cohort. */
  readonly files?: string;
  readonly readAll?: boolean;
  readonly set: readonly string[];
  readonly json?: boolean;
}

export interface DoctorOptions extends PlaceOptions {
  readonly backend: BackendPreference;
  readonly json?: boolean;
}

/** `backend install`. */
export interface BackendInstallOptions {
  /** `pypi`, `npm`, or a wheel or archive by path or address. */
  readonly from: string;
  /** Version of TensorFlow on PyPI; the tested one if absent. */
  readonly tensorflow?: string;
  readonly gpu?: boolean;
  /** Of the file or address in `from`. */
  readonly sha256?: string;
  readonly json?: boolean;
}

export interface SynthOptions {
  readonly patients: number;
  readonly seed: number;
  /** @default 64; 32 with `own` */
  readonly width?: number;
  /** Slides as pictures in place of their features. */
  readonly slides?: boolean;
  /** A cohort that is not named as HANCOCK's. */
  readonly own?: boolean;
}

/** `--set key=value`, gathered in the order given. */
export const setOption = (): Option =>
  new Option('--set <key=value>', 'change one key of the experiment (repeatable)')
    .default([], 'none')
    .argParser((value: string, before: readonly string[]) => [...before, value]);

/** `--backend`, else HAF_BACKEND: which tensor library trains. A variable that is empty says nothing. */
export function backendOption(): Option {
  const option = new Option(
    '--backend <name>',
    'tensor library; auto takes the fastest that loads, never webgpu',
  )
    .choices(backendPreferences)
    .default('auto')
    .env('HAF_BACKEND');
  const choose = option.parseArg;
  return option.argParser((value: string, before: string) =>
    value === '' || choose === undefined ? 'auto' : choose(value, before),
  );
}

/** `--verify`: remembered hashes count for nothing. */
export const verifyOption = (): Option =>
  new Option(
    '--verify',
    'read and hash every file of the cohort, also those whose size, times and inode are as before',
  );

/** `--checkpoint-epochs`: how much a killed training job loses. */
export const checkpointOption = (): Option =>
  new Option('--checkpoint-epochs <n>', 'epochs between two saved states of a training job')
    .argParser(wholeNumber(1))
    .default(10);

/** `--metrics` and who may read them. */
export const withMetrics = (command: Command): Command =>
  command
    .addOption(metricsOption())
    .option(
      '--metrics-token <file>',
      'who reads metrics sends the token in this file (Authorization: Bearer)',
    )
    .option(
      '--metrics-open <reason>',
      'beyond this machine without a token; say what else protects the port',
    );

/** `--metrics`: where monitoring reads. */
export const metricsOption = (): Option =>
  new Option(
    '--metrics <[host:]port>',
    'serve /metrics (Prometheus) and /healthz; without a host, on 127.0.0.1',
  ).argParser((text: string): MetricsAddress => {
    const [, bracketed, name, port] = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text) ?? [];
    if (port === undefined || Number(port) > 65_535)
      throw new InvalidArgumentError('expected PORT or HOST:PORT, for example 9464 or 0.0.0.0:9464.');
    return { host: bracketed ?? name ?? '127.0.0.1', port: Number(port) };
  });

/** Reads an integer of at least `least`. @throws InvalidArgumentError, which ends the command with exit code 64 */
export const wholeNumber =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`expected a whole number of at least ${least}.`);
    return value;
  };

/** Reads a list of job classes, separated by commas. */
export function classList(text: string): readonly JobClass[] {
  const classes = text.split(',').map((name) => name.trim());
  if (classes.length === 0 || classes.some((name) => name !== 'cpu' && name !== 'gpu'))
    throw new InvalidArgumentError('expected cpu, gpu or gpu,cpu.');
  return [...new Set(classes)] as JobClass[];
}
