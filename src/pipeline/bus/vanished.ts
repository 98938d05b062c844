import type { RunEventBody } from '../run-event.js';
import type { Job } from './job.js';

/** The event that ends a job whose workers died repeatedly. The job itself may be the cause. */
export const vanishedEvent = (job: Job, times: number): RunEventBody => ({
  type: 'job-failed',
  ...{ job: job.key, stage: job.stage, unit: job.unit, artifact: job.artifact },
  error: {
    code: 'HAF_JOB_QUARANTINED',
    what: `The worker of ${job.key} vanished ${times} times, so the job was set aside.`,
    fix: 'Find out what ends the workers: most often they run out of memory, or lose the network. The same command tries it again.',
    context: { lapses: times },
  },
});
