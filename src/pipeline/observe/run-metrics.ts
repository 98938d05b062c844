import { Gauge, Histogram, type Registry } from 'prom-client';
import type { RunEvent } from '../run-event.js';
import { advance, emptyState, stagesOf } from './run-state.js';
import { secondsBuckets } from './worker-metrics.js';

const states = ['waiting', 'queued', 'running', 'done', 'cached', 'failed', 'skipped'] as const;

/** Metrics of the run that this process executes. Call the returned function with each event of the run. */
export function runMetrics(registry: Registry): (event: RunEvent) => void {
  let run = emptyState;
  const queuedAt = new Map<string, number>();
  new Gauge({
    ...{ name: 'haf_run_jobs', labelNames: ['stage', 'state'] as const, registers: [registry] },
    help: 'Jobs of the run; "waiting" needs the result of another first.',
    collect() {
      for (const stage of stagesOf(run))
        for (const state of states) this.set({ stage: stage.stage, state }, stage[state]);
    },
  });
  const wait = new Histogram({
    ...{ name: 'haf_run_job_wait_seconds', labelNames: ['stage'] as const, registers: [registry] },
    ...{ help: 'Time from queueing a job to its start on a worker.', buckets: secondsBuckets },
  });
  return (event) => {
    run = advance(run, event);
    if (event.type === 'run-started') queuedAt.clear();
    if (!('job' in event)) return;
    const queued = queuedAt.get(event.job);
    // The time from queueing to start counts as 0 if it is negative: the clocks of two machines may differ.
    if (event.type === 'job-started' && queued !== undefined)
      wait.observe({ stage: event.stage }, Math.max(0, Date.parse(event.at) - queued) / 1000);
    if (run.ledger?.stateOf(event.job) === 'queued') queuedAt.set(event.job, Date.parse(event.at));
    else queuedAt.delete(event.job);
  };
}
