import type { Job } from '../pipeline/bus/bus.js';
import type { EpochProgress } from '../pipeline/stage.js';
import { HafError } from '../pipeline/core/errors.js';
import type { JobResult } from './execute-job.js';

/** Something that computes jobs one at a time per call, away from the event loop that talks to the bus. */
export interface Executor {
  /** @throws HafError; HAF_WORKER_DIED when the thread or process computing the job is gone. */
  run(job: Job, onEpoch: (progress: EpochProgress) => void, signal: AbortSignal): Promise<JobResult>;
  close(): Promise<void>;
}

/** What a stopped job ends with; it goes back to the queue untried. */
export const interrupted = ({ key }: Job): HafError =>
  new HafError('HAF_INTERRUPTED', `${key} was stopped.`, 'Run the same command again to go on.');
