import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Job } from '../pipeline/bus/bus.js';
import { HafError } from '../pipeline/core/errors.js';
import type { EpochProgress } from '../pipeline/stage.js';
import type { JobResult } from './execute-job.js';
import type { Executor } from './executor.js';
import type { FromTrainer, ToTrainer } from './ipc.js';

const trainerFile = fileURLToPath(new URL('./trainer-process.js', import.meta.url));

export interface TrainerOptions {
  readonly store: string;
  /** Tensor backend the process is told to load. */
  readonly backend: string;
}

/** A child process that computes training jobs, one after another; started with its first job, again after it died. */
export class Trainer implements Executor {
  private child: ChildProcess | null = null;

  constructor(private readonly options: TrainerOptions) {}

  run(job: Job, onEpoch: (progress: EpochProgress) => void, signal: AbortSignal): Promise<JobResult> {
    const child = this.alive();
    return new Promise((resolve, reject) => {
      const cancel = (): void => void child.send({ type: 'cancel' } satisfies ToTrainer);
      const settle = (finish: () => void): void => {
        child.off('message', onMessage);
        child.off('exit', onExit);
        signal.removeEventListener('abort', cancel);
        finish();
      };
      const onExit = (code: number | null, by: NodeJS.Signals | null): void =>
        settle(() => reject(died(job, code, by)));
      const onMessage = (message: FromTrainer): void => {
        if (message.type === 'epoch') onEpoch(message.progress);
        else if (message.type === 'done') settle(() => resolve(message.result));
        else settle(() => reject(HafError.fromData(message.error)));
      };
      child.on('message', onMessage);
      child.on('exit', onExit);
      child.send({ type: 'run', job, store: this.options.store } satisfies ToTrainer);
      if (signal.aborted) cancel();
      else signal.addEventListener('abort', cancel, { once: true });
    });
  }

  close(): Promise<void> {
    const { child } = this;
    if (!child) return Promise.resolve();
    return new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
  }

  private alive(): ChildProcess {
    if (this.child) return this.child;
    const child = fork(trainerFile, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...process.env, HAF_BACKEND: this.options.backend, TF_CPP_MIN_LOG_LEVEL: '2' },
    });
    child.once('exit', () => {
      this.child = null;
    });
    this.child = child;
    return child;
  }
}

const died = (job: Job, code: number | null, by: NodeJS.Signals | null): HafError =>
  new HafError(
    'HAF_WORKER_DIED',
    `The trainer working on ${job.key} ended ${by ? `by ${by}` : `with exit code ${code}`}.`,
    by === 'SIGKILL' ? 'It may have run out of memory: try fewer --workers.' : 'See the message above it.',
  );
