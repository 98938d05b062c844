import { InProcessBus } from '../pipeline/bus/in-process.js';
import { requireBackend } from '../pipeline/cli/require-backend.js';
import { packageVersion } from '../pipeline/cli/version.js';
import { loadConfig } from '../pipeline/config/load.js';
import type { BackendPreference } from '../pipeline/core/backend-name.js';
import type { HafError } from '../pipeline/core/errors.js';
import { assertAddressSpace } from '../pipeline/core/machine-room.js';
import type { Problem } from '../pipeline/core/problem.js';
import type { RunEvent } from '../pipeline/run-event.js';
import { attemptRun } from '../pipeline/runs/attempts.js';
import { executeRun, type ExecuteResult } from '../pipeline/runs/execute.js';
import { prepareRun, type PreparedRun } from '../pipeline/runs/prepare.js';
import { openRun, type OpenRun } from './open-run.js';

/** What to run, and where. Paths are relative to the working directory. */
export interface ExperimentOptions {
  /** Path of the experiment file. Without this option, `text` is the experiment. */
  readonly file?: string;
  /** The experiment as YAML text. */
  readonly text?: string;
  /** Changes of keys as for `--set`, for example `train.epochs=60`. If a key occurs twice, the last change is used. */
  readonly set?: readonly string[];
  /** Folder of the cohort. It overrides `data.root` of the experiment. */
  readonly data?: string;
  /** Folder of the run directories. @default './runs' */
  readonly runs?: string;
  /** Folder of the artifacts, or `s3://bucket/prefix`. @default './.haf/store' */
  readonly store?: string;
  /**
   * Number of training jobs that run at the same time.
   * @default one for each core, or five for each GPU
   */
  readonly workers?: number;
  /** Tensor library. @default 'auto' */
  readonly backend?: BackendPreference;
  /** Receives each event of the run, in the form of `events.ndjson`. */
  readonly onEvent?: (event: RunEvent) => void;
  /**
   * Receives one sentence for each setting that is allowed but looks like a mistake, and for each slow step.
   * @default nothing is shown
   */
  readonly onNote?: (text: string) => void;
  /** Stops the run. Calling the function again with the same options resumes it. */
  readonly signal?: AbortSignal;
}

/** How a run ended. */
export interface ExperimentResult {
  /** `succeeded`, `finished-with-failures`, `failed`, or `interrupted` after `signal`. */
  readonly state: ExecuteResult['state'];
  /** The exit code of `haf-pipeline up` for a run that ends in this state. */
  readonly exitCode: ExecuteResult['exitCode'];
  /** One error for each job that failed. */
  readonly failures: readonly HafError[];
  /** Every patient, file and row that was left out or looks wrong. */
  readonly problems: readonly Problem[];
  /** The run directory, open for reading its results. */
  readonly run: OpenRun;
}

/**
 * Runs an experiment in this process and its worker processes, without a broker, and writes the run directory. The call is
 * idempotent: the same experiment on the same data resumes its run, and finished jobs are not computed again.
 *
 * @throws HafError HAF_CONFIG_MISSING, HAF_CONFIG_INVALID or HAF_DATA_MISSING before anything runs. A job that fails does not throw;
 *   it adds an entry to `failures`
 * @example const { state, run } = await runExperiment({ file: 'experiment.yaml', set: ['train.epochs=60'] }); if (state ===
 * 'succeeded') console.log(run.summary?.rows.map(({ title, auc }) => [title, auc.mean]));
 */
export async function runExperiment(options: ExperimentOptions): Promise<ExperimentResult> {
  const { runs = './runs', store = './.haf/store', backend = 'auto', onNote = () => undefined } = options;
  const { config, dataRoot, warnings } = loadConfig({
    ...{ file: options.file, text: options.text, set: options.set },
    dataRoot: options.data,
  });
  warnings.forEach(onNote);
  assertAddressSpace();
  requireBackend(backend, onNote);
  const { prepared, result } = await attemptRun({
    prepare: (lost, earlier) => prepareRun(config, dataRoot, { runs, store }, { onNote, lost, earlier }),
    execute: (attempt) => executeHere(attempt, options),
    onNote,
  });
  return {
    ...{ state: result.state, exitCode: result.exitCode, problems: result.problems },
    failures: result.outcomes.flatMap((outcome) => (outcome.state === 'failed' ? [outcome.error] : [])),
    run: openRun(prepared.directory.run, { runs }),
  };
}

async function executeHere(prepared: PreparedRun, options: ExperimentOptions): Promise<ExecuteResult> {
  const { backend = 'auto', signal = new AbortController().signal, onEvent = () => undefined } = options;
  const { trainersOf } = await import('../workers/trainers-of.js');
  const bus = new InProcessBus();
  try {
    return await executeRun(prepared, {
      ...{ bus, backend, onEvent, observer: {}, drain: signal, stop: signal },
      workers: trainersOf(backend, options.workers ?? null).slots,
      checkpointEpochs: 10,
      codeVersion: packageVersion(),
    });
  } finally {
    await bus.close();
  }
}
