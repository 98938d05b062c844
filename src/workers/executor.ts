import type { Job } from '../pipeline/bus/bus.js';
import type { EpochProgress } from '../pipeline/stage.js';
import type { JobResult } from './execute-job.js';

/** Something that computes jobs one at a time per call, away from the event loop that talks to the bus. */
export interface Executor {
  /** @throws HafError; HAF_WORKER_DIED when the thread or process computing the job is gone. */
  run(job: Job, onEpoch: (progress: EpochProgress) => void, signal: AbortSignal): Promise<JobResult>;
  close(): Promise<void>;
}
