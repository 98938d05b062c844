import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { jobClasses } from '../bus/job.js';
import { stageNames } from '../stage.js';
import { outcomes, type WorkerObserver } from './worker-observer.js';

/** Bounds of the histograms: from reading small tables (0.01 s) to training on a whole cohort (three hours). */
export const secondsBuckets = [0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 10_800];

/** Metrics of what a worker does. No label contains the id of a run or job, so the number of time series is bounded. */
export function workerMetrics(registry: Registry): Partial<WorkerObserver> {
  const registers = [registry];
  const slots = new Gauge({
    ...{ name: 'haf_worker_slots', labelNames: ['class'] as const, registers },
    help: 'Jobs the worker can hold at once.',
  });
  const held = new Gauge({
    ...{ name: 'haf_worker_jobs', labelNames: ['class'] as const, registers },
    help: 'Jobs the worker holds.',
  });
  const settled = new Counter({
    ...{ name: 'haf_worker_jobs_settled_total', labelNames: ['stage', 'outcome'] as const, registers },
    help: 'Jobs the worker settled.',
  });
  // All counters exist from the start with the value 0. Otherwise an alert on an increase misses the first failure.
  for (const stage of stageNames) for (const outcome of outcomes) settled.inc({ stage, outcome }, 0);
  const read = new Histogram({
    ...{ name: 'haf_worker_job_read_seconds', labelNames: ['stage'] as const, registers },
    ...{ help: 'Getting and reading the inputs of a job.', buckets: secondsBuckets },
  });
  const compute = new Histogram({
    ...{ name: 'haf_worker_job_compute_seconds', labelNames: ['stage'] as const, registers },
    ...{ help: 'Computing a job.', buckets: secondsBuckets },
  });
  const checkpoints = new Counter({
    ...{ name: 'haf_worker_checkpoints_total', registers },
    help: 'Checkpoints of training jobs that were written.',
  });
  return {
    joined: (worker) => {
      for (const jobClass of jobClasses) slots.set({ class: jobClass }, worker.slots[jobClass]);
    },
    holding: (jobs) => {
      for (const jobClass of jobClasses)
        held.set({ class: jobClass }, jobs.filter((job) => job.class === jobClass).length);
    },
    checkpoint: () => checkpoints.inc(),
    settled: ({ stage }, { outcome, readSeconds, computeSeconds }) => {
      settled.inc({ stage, outcome });
      if (readSeconds !== undefined) read.observe({ stage }, readSeconds);
      if (computeSeconds !== undefined) compute.observe({ stage }, computeSeconds);
    },
  };
}
