import { Gauge, Histogram, type Registry } from 'prom-client';
import { assertNever } from '../core/assert-never.js';
import type { RunEvent } from '../run-event.js';
import type { StageName } from '../stage.js';
import { secondsBuckets } from './worker-metrics.js';

const states = ['waiting', 'queued', 'running', 'done', 'cached', 'failed', 'skipped'] as const;
type JobState = (typeof states)[number];

/** Metrics of the run that this process brings to its end; fed with its events. */
export function runMetrics(registry: Registry): (event: RunEvent) => void {
  let planned: readonly { readonly stage: StageName; readonly jobs: number }[] = [];
  const known = new Map<string, { readonly stage: StageName; readonly state: JobState }>();
  const queuedAt = new Map<string, number>();
  new Gauge({
    ...{ name: 'haf_run_jobs', labelNames: ['stage', 'state'] as const, registers: [registry] },
    help: 'Jobs of the run; "waiting" needs the result of another first.',
    collect() {
      for (const { stage, jobs } of planned) {
        const ofStage = [...known.values()].filter((job) => job.stage === stage);
        for (const state of states) {
          const count = ofStage.filter((job) => job.state === state).length;
          this.set({ stage, state }, state === 'waiting' ? Math.max(0, jobs - ofStage.length) : count);
        }
      }
    },
  });
  const wait = new Histogram({
    ...{ name: 'haf_run_job_wait_seconds', labelNames: ['stage'] as const, registers: [registry] },
    ...{ help: 'From the queue to a worker.', buckets: secondsBuckets },
  });
  return (event) => {
    const become = (state: JobState): void => {
      if (!('job' in event)) return;
      known.set(event.job, { stage: event.stage, state });
      if (state === 'queued') queuedAt.set(event.job, Date.parse(event.at));
    };
    switch (event.type) {
      case 'run-started':
        planned = event.plan;
        known.clear();
        queuedAt.clear();
        return;
      case 'job-queued':
      case 'job-retried':
      case 'job-returned':
        return become('queued');
      case 'job-started': {
        const queued = queuedAt.get(event.job);
        // Clocks of two machines may differ.
        if (queued !== undefined)
          wait.observe({ stage: event.stage }, Math.max(0, Date.parse(event.at) - queued) / 1000);
        queuedAt.delete(event.job);
        return become('running');
      }
      case 'job-done':
        return become('done');
      case 'job-cached':
        return become('cached');
      case 'job-failed':
        return become('failed');
      case 'job-skipped':
        return become('skipped');
      case 'job-epoch':
      case 'cancel-requested':
      case 'run-finished':
        return;
      default:
        return assertNever(event);
    }
  };
}
