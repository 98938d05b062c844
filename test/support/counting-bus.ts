import { Subject } from 'rxjs';
import type { Bus } from '../../src/pipeline/bus/bus.js';
import { workItemKey, type Job } from '../../src/pipeline/bus/job.js';
import type { RunEvent, RunEventBody } from '../../src/pipeline/run-event.js';

/**
 * The part of a bus that `runGraph` uses. It counts every job and computes nothing; a job ends when the test calls
 * `finish`.
 */
export class CountingBus implements Pick<Bus, 'enqueue' | 'publish'> {
  /** Jobs that are queued and not ended, in the order in which they were queued. */
  readonly waiting = new Map<string, Job>();
  readonly published: RunEventBody[] = [];
  /** The largest number of jobs of each class that were on the bus at the same time. */
  readonly most = { cpu: 0, gpu: 0 };
  readonly events = new Subject<RunEvent>();
  private seq = 0;

  enqueue(job: Job): Promise<void> {
    this.waiting.set(workItemKey(job), job);
    const count = [...this.waiting.values()].filter((other) => other.class === job.class).length;
    this.most[job.class] = Math.max(this.most[job.class], count);
    return Promise.resolve();
  }

  publish(_run: string, event: RunEventBody): Promise<string> {
    this.published.push(event);
    const id = String(++this.seq);
    this.events.next({ ...event, v: 1, id, seq: this.seq, at: '2026-01-01T00:00:00.000Z' });
    return Promise.resolve(id);
  }

  /** Removes a job from the bus and reports how it ended. */
  async finish(job: Job, failure?: string): Promise<void> {
    this.waiting.delete(workItemKey(job));
    const about = { job: job.key, stage: job.stage, unit: job.unit, artifact: job.artifact };
    const times = { worker: 'w', seconds: 1, readSeconds: 0, computeSeconds: 1, peakRssMiB: 1 };
    const error = { code: 'HAF_FEATURES_INVALID', what: failure ?? '', fix: '', context: {} } as const;
    await this.publish(
      job.run,
      failure === undefined
        ? { type: 'job-done', ...about, ...times, metrics: {}, problems: 0 }
        : { type: 'job-failed', ...about, error },
    );
  }

  countOf(type: RunEventBody['type']): number {
    return this.published.filter((event) => event.type === type).length;
  }
}
