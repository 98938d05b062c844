import type { RunEventBody } from '../../src/pipeline/run-event.js';
import { testJob } from './jobs.js';

/** The fields of an event about the job that `testJob(name)` makes. */
const about = (name: string) => {
  const { key, stage, unit, artifact } = testJob(name);
  return { job: key, stage, unit, artifact };
};

export const startedEvent = (name: string, worker = 'w', attempt = 1): RunEventBody => ({
  ...{ type: 'job-started', ...about(name), worker, attempt },
});

export const epochEvent = (name: string, epoch: number): RunEventBody => ({
  ...{ type: 'job-epoch', ...about(name), epoch, epochs: 1000, metrics: {} },
});

export const doneEvent = (name: string, worker = 'w'): RunEventBody => ({
  ...{ type: 'job-done', ...about(name), worker, seconds: 1, readSeconds: 0.1, computeSeconds: 0.8 },
  ...{ peakRssMiB: 100, metrics: { auc: 0.7, brier: null }, problems: 0 },
});

export const skippedEvent = (name: string): RunEventBody => ({
  ...{ type: 'job-skipped', ...about(name), because: 'a test' },
});

export const retriedEvent = (name: string): RunEventBody => ({
  ...{ type: 'job-retried', ...about(name), attempt: 2, reason: 'a test' },
});

export const returnedEvent = (name: string, worker = 'w'): RunEventBody => ({
  ...{ type: 'job-returned', ...about(name), worker, reason: 'a test' },
});

export const failedEvent = (name: string): RunEventBody => ({
  ...{ type: 'job-failed', ...about(name) },
  error: { code: 'HAF_WORKER_DIED', what: 'A test.', fix: 'None.', context: {} },
});

export const queuedEvent = (name: string): RunEventBody => ({ type: 'job-queued', ...about(name) });

export const cachedEvent = (name: string): RunEventBody => ({ type: 'job-cached', ...about(name) });
