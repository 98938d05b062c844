import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Job } from '../pipeline/bus/job.js';
import { HafError, isMachineFault } from '../pipeline/core/errors.js';
import type { JobResult } from './execute-job.js';
import type { Executor, JobControl } from './executor.js';
import type { FromTrainer, ToTrainer } from './ipc.js';
import type { Work } from './work.js';

const trainerFile = fileURLToPath(new URL('./trainer-process.js', import.meta.url));

/**
 * The arrays of a training step lie outside of V8's heap, and the heap itself is small. For these arrays V8 would run
 * its garbage collection several times a second, on the cores that train. With this option it waits until heap and
 * arrays have grown to 512 MB.
 */
const nodeOptions = ['--initial-old-space-size=512'];

/**
 * Options of Node that hold the text of a script (`node --eval`): the value follows in the same argument or in the
 * next.
 */
const scriptOption = /^(-e|-p|-pe|--eval|--print|--input-type)(=|$)/;

/** The options of Node of this process, without its script: the child would run the script once more. */
const inheritedOptions = (): string[] =>
  process.execArgv.filter((option, i, all) => {
    const before = all[i - 1] ?? '';
    return !scriptOption.test(option) && !(scriptOption.test(before) && !before.includes('='));
  });

export interface TrainerOptions {
  /** Tensor backend that the process loads. */
  readonly backend: string;
  /** The one GPU that the process may use. Null when there is none to choose. */
  readonly gpu: string | null;
  /** Number of cores that the process may use. Other trainers of this machine use the remaining cores. */
  readonly threads: number;
  /** Number of concurrent jobs of the process. */
  readonly jobs: number;
  /**
   * Version of haf-pipeline: a job resumes from checkpoints of the same version only. `checkpointEpochs`: epochs
   * between two checkpoints.
   */
  readonly codeVersion: string;
  readonly checkpointEpochs: number;
}

/**
 * A child process that computes training jobs. It is started with the first job, and started again after it has died.
 */
export class Trainer implements Executor {
  private child: ChildProcess | null = null;
  private jobs = 0;

  constructor(private readonly options: TrainerOptions) {}

  async run(job: Work, { onEpoch, onCheckpoint, signal, pause }: JobControl): Promise<JobResult> {
    const child = this.alive(job);
    const id = ++this.jobs;
    const settled = new AbortController();
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        child.off('message', onMessage);
        child.off('exit', onExit);
        child.off('error', onError);
        settled.abort();
        finish();
      };
      const onExit = (code: number | null, by: NodeJS.Signals | null): void =>
        settle(() => reject(died(job, code, by)));
      const onError = (error: Error): void => settle(() => reject(unreachable(job, error)));
      const onMessage = (message: FromTrainer): void => {
        if (message.id !== id) return;
        if (message.type === 'epoch') onEpoch(message.progress);
        else if (message.type === 'checkpoint') onCheckpoint(message.epoch);
        else if (message.type === 'done') settle(() => resolve(message.result));
        else settle(() => reject(HafError.fromData(message.error)));
      };
      // Without a callback, a message to a process that just died becomes an 'error' event of the child.
      const send = (message: ToTrainer): boolean =>
        child.send(message, (error) => {
          if (!error) return;
          this.forget(child);
          onError(error);
        });
      const sendOn = (asked: AbortSignal, message: ToTrainer): void => {
        const tell = (): void => void (child.connected && send(message));
        if (asked.aborted) tell();
        else asked.addEventListener('abort', tell, { once: true, signal: settled.signal });
      };
      child.on('message', onMessage);
      child.on('exit', onExit);
      child.on('error', onError);
      const { codeVersion, checkpointEpochs } = this.options;
      send({ id, type: 'run', work: job, codeVersion, checkpointEpochs });
      sendOn(signal, { id, type: 'cancel' });
      sendOn(pause, { id, type: 'pause' });
    });
  }

  close(): Promise<void> {
    const { child } = this;
    if (!child) return Promise.resolve();
    return new Promise((resolve) => {
      child.once('exit', () => resolve());
      // When the process cannot be started, there is no 'exit' event, only 'error'.
      child.once('error', () => resolve());
      child.kill('SIGKILL');
    });
  }

  private alive(job: Job): ChildProcess {
    if (this.child?.connected) return this.child;
    let child: ChildProcess;
    try {
      child = fork(trainerFile, {
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        execArgv: [...nodeOptions, ...inheritedOptions()],
        env: {
          ...process.env,
          HAF_BACKEND: this.options.backend,
          HAF_THREADS: String(this.options.threads),
          HAF_JOBS: String(this.options.jobs),
          TF_CPP_MIN_LOG_LEVEL: '2',
          ...(this.options.gpu === null ? {} : { CUDA_VISIBLE_DEVICES: this.options.gpu }),
        },
      });
    } catch (error) {
      throw unreachable(job, error);
    }
    // Each job adds a listener to the process. Node warns of a leak at more than ten listeners, and a GPU can have more
    // jobs.
    child.setMaxListeners(0);
    child.once('exit', () => this.forget(child));
    child.once('disconnect', () => this.forget(child));
    // This listener stays as long as the child process lives: an 'error' event without a listener would end the runner.
    child.on('error', () => this.forget(child));
    if (!child.connected) throw unreachable(job, new Error('no channel to the new process'));
    this.child = child;
    return child;
  }

  /** Drops a process that does not accept messages. The next job starts a new process. */
  private forget(child: ChildProcess): void {
    if (this.child === child) this.child = null;
    child.kill('SIGKILL');
  }
}

const died = (job: Job, code: number | null, by: NodeJS.Signals | null): HafError =>
  new HafError(
    'HAF_WORKER_DIED',
    `The trainer working on ${job.key} ended ${by ? `by ${by}` : `with exit code ${code}`}.`,
    by === 'SIGKILL' ? 'It may have run out of memory: try fewer --workers.' : 'See the message above it.',
  );

const unreachable = (job: Job, error: unknown): HafError =>
  isMachineFault(error)
    ? HafError.from(error)
    : new HafError(
        'HAF_WORKER_DIED',
        `The trainer for ${job.key} cannot be reached: ${error instanceof Error ? error.message : String(error)}.`,
        'It ended or could not be started: check memory and the process limit, or try fewer --workers.',
        { cause: error },
      );
