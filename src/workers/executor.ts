import type { Job } from '../pipeline/bus/job.js';
import type { EpochProgress } from '../pipeline/stage.js';
import { HafError } from '../pipeline/core/errors.js';
import type { JobResult } from './execute-job.js';
import type { Work } from './work.js';

/** How the runner follows a job and stops it. */
export interface JobControl {
  readonly onEpoch: (progress: EpochProgress) => void;
  /** Called when the checkpoint after this epoch is in the executor's store. */
  readonly onCheckpoint: (epoch: number) => void;
  /** Stops the job at once. */
  readonly signal: AbortSignal;
  /** Stops the job at the end of the current epoch and writes a checkpoint. A job without epochs stops at once. */
  readonly pause: AbortSignal;
}

/** Computes one job per call, outside of the event loop that talks to the bus. */
export interface Executor {
  /** @throws HafError; HAF_INTERRUPTED when stopped, HAF_WORKER_DIED when the thread or process computing it is gone. */
  run(work: Work, control: JobControl): Promise<JobResult>;
}

/** The error of a stopped job. The job returns to the queue, and no attempt is counted. */
export const interrupted = ({ key }: Job): HafError =>
  new HafError('HAF_INTERRUPTED', `${key} was stopped.`, 'Run the same command again to go on.');
