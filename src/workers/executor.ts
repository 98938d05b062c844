import type { Job } from '../pipeline/bus/job.js';
import type { EpochProgress } from '../pipeline/stage.js';
import { HafError } from '../pipeline/core/errors.js';
import type { JobResult } from './execute-job.js';
import type { Work } from './work.js';

/** How the runner follows a job and stops it. */
export interface JobControl {
  readonly onEpoch: (progress: EpochProgress) => void;
  /** The state after this epoch is in the executor's store now. */
  readonly onCheckpoint: (epoch: number) => void;
  /** Stops the job at once. */
  readonly signal: AbortSignal;
  /** Stops it at the end of the epoch under way, with its state kept; a job without epochs at once. */
  readonly pause: AbortSignal;
}

/** Something that computes jobs one at a time per call, away from the event loop that talks to the bus. */
export interface Executor {
  /** @throws HafError; HAF_INTERRUPTED when stopped, HAF_WORKER_DIED when the thread or process computing it is gone. */
  run(work: Work, control: JobControl): Promise<JobResult>;
}

/** What a stopped job ends with; it goes back to the queue untried. */
export const interrupted = ({ key }: Job): HafError =>
  new HafError('HAF_INTERRUPTED', `${key} was stopped.`, 'Run the same command again to go on.');
