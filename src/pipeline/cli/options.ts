import { InvalidArgumentError, Option, type Command } from 'commander';
import type { BrokerOptions } from '../broker/connect-options.js';
import type { PageOptions } from '../page/page-address.js';
import type { MetricsAddress } from '../observe/serve.js';
import { backendPreferences, type BackendPreference } from '../core/backend-name.js';
import type { ModalityId } from '../core/modality.js';
import type { JobClass } from '../stage.js';

/** Options of the monitoring endpoints. */
export interface MetricsOptions {
  /** Address of `/metrics` and `/healthz`. */
  readonly metrics?: MetricsAddress;
  /** File with the token that clients have to send. */
  readonly metricsToken?: string;
  /** The user's reason why the port needs no token: what else protects it. */
  readonly metricsOpen?: string;
}

/** Folders of runs and artifacts. Paths are relative to the working directory. The store may be an s3:// address. */
export interface PlaceOptions {
  readonly runs: string;
  readonly store: string;
  /** Folder of a local cache of an s3:// store, and its size in GiB. */
  readonly cache?: string;
  readonly cacheSize?: number;
}

/** The experiment that a command uses. */
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

/** Default lease: after so many seconds without a heartbeat, a worker loses its job. */
export const defaultLeaseSeconds = 60;

/** How `up` and `replay` execute a run. */
export interface RunOptions extends BrokerOptions, MetricsOptions {
  /** Number of training jobs at once on this machine. Chosen from cores and GPUs if absent. */
  readonly workers?: number;
  readonly backend: BackendPreference;
  readonly checkpointEpochs: number;
  /** False after `--no-broker`. */
  readonly broker: boolean;
  /** Address on which workers of other machines reach the broker. */
  readonly listen?: string;
  readonly tls?: boolean;
  /** Folder of users and certificates of a broker that listens. */
  readonly security?: string;
  /** Lease: seconds without a heartbeat after which a worker loses its job. */
  readonly lease: number;
  /** Puts the cohort's files into the store, for workers that do not have them. */
  readonly shareData?: boolean;
  readonly json?: boolean;
}

export interface UpOptions extends PlanOptions, RunOptions, PageOptions {
  /** Print the plan only. */
  readonly dryRun?: boolean;
}

export interface WorkerOptions extends BrokerOptions, MetricsOptions {
  readonly class: readonly JobClass[];
  /** Number of training jobs at once. If absent: five for each GPU, or one for each core. */
  readonly slots?: number;
  readonly data?: string;
  /** Store to use in place of the one that the run names. */
  readonly store?: string;
  readonly cache?: string;
  readonly cacheSize?: number;
  readonly backend: BackendPreference;
  readonly checkpointEpochs: number;
  /** Seconds to finish the running jobs after the worker was told to leave. */
  readonly grace: number;
  /** Seconds without a job after which the worker leaves. */
  readonly idleExit?: number;
  readonly anyVersion?: boolean;
}

/** Options of commands that read the state of a broker. */
export interface LookOptions extends BrokerOptions {
  readonly store: string;
  readonly json?: boolean;
}

export interface WatchOptions extends LookOptions {
  readonly from: 'start' | 'now';
}

/** `bundle RUN`: writes a method of a run as one file. */
export interface BundleOptions extends PlaceOptions, RunOptions {
  readonly method: string;
  readonly out: string;
  readonly licence?: string;
  readonly force?: boolean;
}

/** `predict FILE`: predicts new patients. */
export interface PredictOptions extends PlaceOptions, RunOptions {
  readonly data?: string;
  readonly config?: string;
  readonly set: readonly string[];
  readonly out: string;
  /** Table with the ids of the patients to predict. Other patients in the data are left out. */
  readonly patients?: string;
  readonly trainedPatients?: boolean;
  readonly heatmaps?: boolean;
  /** Number of jobs that the patients are divided into. */
  readonly parts?: number;
}

/** `validate FILE`: the options of `predict`, and groups of patients. */
export interface ValidateOptions extends PredictOptions {
  /** Columns by which patients are grouped. */
  readonly by: readonly string[];
}

/** `replay STAGE` of a finished or stopped run. It uses the run's own experiment with the changes of `set`. */
export interface ReplayOptions extends PlaceOptions, RunOptions {
  readonly run: string;
  readonly fold?: number;
  readonly set: readonly string[];
  readonly data?: string;
  /** Also run the stages that depend on this stage. */
  readonly downstream?: boolean;
  /** Compute again even if the artifact exists. */
  readonly force?: boolean;
}

/** Options of `tile` and `embed`, for files named on the command line. */
export interface BagCommandOptions extends PlaceOptions, RunOptions {
  readonly out: string;
  /** Replace existing files in `out` that have other content. */
  readonly force?: boolean;
  readonly modality?: ModalityId;
  /** Folder of coordinate files. If given, they are used and no tissue is searched. */
  readonly coords?: string;
  /** An experiment file whose settings are used. */
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

/** Options of `store verify` and `store repair`. */
export interface StoreOptions {
  readonly store: string;
  readonly json?: boolean;
}

/** Options of `store gc`. */
export interface StoreGcOptions extends StoreOptions {
  readonly runs: string;
  /** Remove artifacts that no run needs. Without it, they are only listed. */
  readonly delete?: boolean;
}

export interface CompareOptions extends RunsOptions {
  /** The method to compare. If absent: all methods that both runs have. */
  readonly method?: string;
  /** Two methods to compare with each other: one of the first run and one of the second. */
  readonly methods?: readonly string[];
}

export interface InitOptions {
  /** Folder of a cohort. The experiment is written for it. */
  readonly from?: string;
  /** Name of the experiment. */
  readonly name?: string;
}

export interface InspectOptions {
  readonly config?: string;
  /** CSV file to write, with one line per file of the cohort. */
  readonly files?: string;
  readonly readAll?: boolean;
  readonly set: readonly string[];
  readonly json?: boolean;
}

export interface DoctorOptions extends PlaceOptions {
  readonly backend: BackendPreference;
  readonly json?: boolean;
}

/** Options of `backend install`. */
export interface BackendInstallOptions {
  /** Where libtensorflow comes from: `pypi`, `npm`, or the path or address of a wheel or archive. */
  readonly from: string;
  /** Version of TensorFlow on PyPI. If absent: the tested version. */
  readonly tensorflow?: string;
  readonly gpu?: boolean;
  /** Install the onnxruntime of image encoders instead of TensorFlow. */
  readonly onnx?: boolean;
  /** SHA-256 of the file or address in `from`. */
  readonly sha256?: string;
  readonly json?: boolean;
}

export interface SynthOptions {
  readonly patients: number;
  readonly seed: number;
  /** Number of values in an instance. @default 64; 32 with `own` */
  readonly width?: number;
  /** Write slides as images in place of their features. */
  readonly slides?: boolean;
  /** Write a cohort whose files and columns are not named as in HANCOCK. */
  readonly own?: boolean;
}

/** `--set key=value`: values are collected in the given order. */
export const setOption = (): Option =>
  new Option('--set <key=value>', 'change one key of the experiment (repeatable)')
    .default([], 'none')
    .argParser((value: string, before: readonly string[]) => [...before, value]);

/** `--backend`, else HAF_BACKEND: the tensor library for training. An empty variable counts as unset. */
export function backendOption(): Option {
  const option = new Option(
    '--backend <name>',
    'tensor library; auto takes the fastest that can be loaded, but never webgpu',
  )
    .choices(backendPreferences)
    .default('auto')
    .env('HAF_BACKEND');
  const choose = option.parseArg;
  return option.argParser((value: string, before: string) =>
    value === '' || choose === undefined ? 'auto' : choose(value, before),
  );
}

/** `--verify`: hashes every file of the cohort again, even if its hash is remembered. */
export const verifyOption = (): Option =>
  new Option(
    '--verify',
    'read and hash every file of the cohort, even if its size, times and inode are unchanged',
  );

/** `--checkpoint-epochs`: how many epochs a killed training job may lose. */
export const checkpointOption = (): Option =>
  new Option('--checkpoint-epochs <n>', 'epochs between two checkpoints of a training job')
    .argParser(wholeNumber(1))
    .default(10);

/** Adds `--metrics`, and the options that say who may read the metrics. */
export const withMetrics = (command: Command): Command =>
  command
    .addOption(metricsOption())
    .option('--metrics-token <file>', 'clients must send the token in this file (Authorization: Bearer)')
    .option(
      '--metrics-open <reason>',
      'allow other machines to read metrics without a token; the reason says what else protects the port',
    );

/** `--metrics`: address of the monitoring endpoints. */
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
