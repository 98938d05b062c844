import type { Problem } from './problem.js';
import { systemFault } from './system-fault.js';

/** Exit codes of the command line; documented in docs/cli.md. */
export const exitCodes = {
  ok: 0,
  unexpected: 1,
  finishedWithFailures: 2,
  usage: 64,
  badData: 65,
  unavailable: 69,
  badConfig: 78,
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/**
 * Every stable error code, with the exit code of a command that ends with it, and whether a retry may succeed.
 * `local`: a fault of this machine, so that another worker may do the same job.
 */
const catalogue = {
  HAF_CONFIG_INVALID: { exit: exitCodes.badConfig, retryable: false },
  HAF_CONFIG_MISSING: { exit: exitCodes.badConfig, retryable: false },
  HAF_PATH_UNUSABLE: { exit: exitCodes.usage, retryable: false, local: true },
  HAF_USAGE: { exit: exitCodes.usage, retryable: false },
  HAF_DATA_CHANGED: { exit: exitCodes.badData, retryable: false, local: true },
  HAF_DATA_MISSING: { exit: exitCodes.badData, retryable: false, local: true },
  HAF_TABLE_INVALID: { exit: exitCodes.badData, retryable: false },
  HAF_JOIN_REFUSED: { exit: exitCodes.badData, retryable: false },
  HAF_OUTCOME_LEAK: { exit: exitCodes.badData, retryable: false },
  HAF_FEATURES_INVALID: { exit: exitCodes.badData, retryable: false },
  HAF_INPUT_LIMIT: { exit: exitCodes.badData, retryable: false },
  HAF_SLIDE_UNREADABLE: { exit: exitCodes.badData, retryable: false },
  HAF_SLIDE_MPP_MISSING: { exit: exitCodes.badData, retryable: false },
  HAF_ENCODER_UNFIT: { exit: exitCodes.unavailable, retryable: false, local: true },
  HAF_MODALITY_EMPTY: { exit: exitCodes.badData, retryable: false },
  HAF_COHORT_INVALID: { exit: exitCodes.badData, retryable: false },
  HAF_SPLIT_INVALID: { exit: exitCodes.badData, retryable: false },
  HAF_BUNDLE_INVALID: { exit: exitCodes.badData, retryable: false },
  HAF_BUNDLE_UNFIT: { exit: exitCodes.badData, retryable: false },
  HAF_RUN_BUSY: { exit: exitCodes.usage, retryable: true },
  HAF_RUN_UNKNOWN: { exit: exitCodes.usage, retryable: false },
  HAF_MACHINE_LIMIT: { exit: exitCodes.unavailable, retryable: false, local: true },
  HAF_STORE_FULL: { exit: exitCodes.unexpected, retryable: false, local: true },
  HAF_STORE_CORRUPT: { exit: exitCodes.unexpected, retryable: false },
  HAF_STORE_UNREACHABLE: { exit: exitCodes.unavailable, retryable: true, local: true },
  HAF_BACKEND_UNAVAILABLE: { exit: exitCodes.unavailable, retryable: false, local: true },
  HAF_BACKEND_FAILED: { exit: exitCodes.unexpected, retryable: true },
  HAF_BACKEND_NOT_BUILT: { exit: exitCodes.unavailable, retryable: false, local: true },
  HAF_PORT_TAKEN: { exit: exitCodes.unavailable, retryable: true },
  HAF_OPENSLIDE_UNAVAILABLE: { exit: exitCodes.unavailable, retryable: false, local: true },
  HAF_BROKER_UNREACHABLE: { exit: exitCodes.unavailable, retryable: true },
  HAF_BROKER_REFUSED: { exit: exitCodes.unavailable, retryable: false },
  HAF_BROKER_UNFIT: { exit: exitCodes.unavailable, retryable: false },
  HAF_INSECURE: { exit: exitCodes.usage, retryable: false },
  HAF_WORKER_DIED: { exit: exitCodes.unexpected, retryable: true },
  HAF_WORKER_UNFIT: { exit: exitCodes.unavailable, retryable: false, local: true },
  HAF_JOB_QUARANTINED: { exit: exitCodes.finishedWithFailures, retryable: false },
  HAF_TRAINING_DIVERGED: { exit: exitCodes.unexpected, retryable: false },
  HAF_LAYER_UNTRAINED: { exit: exitCodes.unexpected, retryable: false },
  HAF_INTERRUPTED: { exit: exitCodes.interrupted, retryable: true },
  HAF_INTERNAL: { exit: exitCodes.unexpected, retryable: false },
} as const satisfies Record<string, { exit: ExitCode; retryable: boolean; local?: true }>;

export type ErrorCode = keyof typeof catalogue;
export const errorCodes = Object.keys(catalogue) as readonly ErrorCode[];

/** The place of an error in the user's files: a file, a line in it, a patient, a config key. */
export type ErrorContext = Readonly<
  Record<string, string | number | boolean | null | readonly string[] | readonly number[]>
>;

/** An error in the form in which it passes between threads and processes, and into logs. */
export interface HafErrorData {
  readonly code: ErrorCode;
  readonly what: string;
  readonly fix: string;
  readonly context: ErrorContext;
  /** Problems that were found before the failure. */
  readonly problems?: readonly Problem[];
}

/** Maximum number of problems that are sent with an error, because a message must stay small. */
const mostProblems = 300;

/**
 * The one error class that users see: a stable code, what is wrong and where, and what to do.
 *
 * @example throw new HafError('HAF_TABLE_INVALID', 'clinical.csv has no column "patient_id"', 'Add the column.')
 */
export class HafError extends Error {
  override readonly name = 'HafError';
  readonly code: ErrorCode;
  readonly what: string;
  readonly fix: string;
  readonly context: ErrorContext;
  /**
   * Problems that were found before the failure, with reasons. problems.csv lists them although the failed job has no
   * output.
   */
  readonly problems: readonly Problem[];

  constructor(
    code: ErrorCode,
    what: string,
    fix: string,
    options: { context?: ErrorContext; cause?: unknown; problems?: readonly Problem[] } = {},
  ) {
    super(`${what} ${fix}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.what = what;
    this.fix = fix;
    this.context = options.context ?? {};
    this.problems = (options.problems ?? []).slice(0, mostProblems);
  }

  get exitCode(): ExitCode {
    return catalogue[this.code].exit;
  }

  /** Whether the same job may succeed if it is retried unchanged. */
  get retryable(): boolean {
    return catalogue[this.code].retryable;
  }

  /** Whether the fault is that of this machine, so that another worker may succeed. */
  get local(): boolean {
    return 'local' in catalogue[this.code];
  }

  toData(): HafErrorData {
    const { code, what, fix, context, problems } = this;
    return { code, what, fix, context, ...(problems.length > 0 && { problems }) };
  }

  static fromData(data: HafErrorData): HafError {
    const { code, what, fix, context, problems = [] } = data;
    return new HafError(code, what, fix, { context, problems });
  }

  /** The same error together with the problems that its job had found before. */
  withProblems(problems: readonly Problem[]): HafError {
    const { code, what, fix, context } = this;
    return new HafError(code, what, fix, { context, cause: this.cause, problems });
  }

  /**
   * Converts any thrown value to a HafError. A fault of the machine is recognised by its system error. Any other
   * value becomes HAF_INTERNAL with its message.
   */
  static from(thrown: unknown): HafError {
    if (thrown instanceof HafError) return thrown;
    const fault = systemFault(thrown);
    if (fault) return new HafError(fault.code, fault.what, fault.fix, { cause: thrown });
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new HafError(
      'HAF_INTERNAL',
      `Unexpected error: ${message}`,
      'Please report it with the log of the run.',
      {
        cause: thrown,
        context: thrown instanceof Error && thrown.stack ? { stack: thrown.stack } : {},
      },
    );
  }
}

/** The first line of a thrown value, without its full stop, for use as a reason in another sentence. */
export function reasonOf(thrown: unknown): string {
  const text =
    thrown instanceof HafError ? thrown.what : thrown instanceof Error ? thrown.message : String(thrown);
  return text.split('\n')[0]?.replace(/\.$/, '') || 'no reason given';
}

/**
 * Whether the machine caused the error, and not the file that was read. The caller must not leave out the file after a
 * fault of the machine. Wrong permissions and names are faults of the file.
 */
export const isMachineFault = (thrown: unknown): boolean =>
  thrown instanceof HafError
    ? thrown.code === 'HAF_MACHINE_LIMIT' || thrown.code === 'HAF_STORE_FULL'
    : systemFault(thrown)?.ofMachine === true;
