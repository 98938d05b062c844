import type { Job } from '../job.js';
import { workItemKey } from '../job.js';
import type { BusMember } from '../member.js';
import { jobSubject } from './names.js';
import type { WorkItem } from './work-item.js';

/** What the broker knows about the jobs of a run. */
export interface LostJobsSource {
  /** Subjects of all messages in the queue, waiting or delivered. */
  readonly queued: () => Promise<ReadonlySet<string>>;
  readonly item: (key: string) => Promise<WorkItem | null>;
  readonly members: () => Promise<readonly BusMember[]>;
}

/**
 * `lost`: no message and no worker will bring the job to an end. `untold`: the job has ended, and its run did not
 * receive the event.
 */
export type LostJob =
  | { readonly kind: 'lost'; readonly job: Job; readonly item: WorkItem | null; readonly ticket: number }
  | { readonly kind: 'untold'; readonly job: Job; readonly item: WorkItem };

/** Maximum number of concurrent requests to the broker. */
const atOnce = 32;

/**
 * The jobs that this process queued and that have not ended. `lost` finds the jobs that the broker has lost: the queue
 * was purged or deleted, or keys of work items are gone. The check uses no timeout, so a slow job never counts as lost.
 * A job counts as lost only after two checks in a row, because a job looks lost for a moment while it is enqueued:
 * between the writes of its work item and of its message.
 */
export class OpenJobs {
  private readonly open = new Map<string, { readonly job: Job; ticket: number }>();
  private suspects = new Map<string, string>();

  get size(): number {
    return this.open.size;
  }

  /** Whether the last check found jobs that may be lost. The next check decides whether they are lost. */
  get hasSuspects(): boolean {
    return this.suspects.size > 0;
  }

  add(job: Job, ticket: number): void {
    this.open.set(job.artifact, { job, ticket });
  }

  ended(artifact: string): void {
    this.open.delete(artifact);
  }

  forget(run: string): void {
    for (const [artifact, { job }] of this.open) if (job.run === run) this.open.delete(artifact);
  }

  async lost(source: LostJobsSource): Promise<readonly LostJob[]> {
    const queued = await source.queued();
    const unqueued = [...this.open.values()].filter(({ job }) => !queued.has(jobSubject(job)));
    const found: LostJob[] = [];
    let held: ReadonlySet<string> | null = null;
    for (let from = 0; from < unqueued.length; from += atOnce) {
      const some = unqueued.slice(from, from + atOnce);
      const items = await Promise.all(some.map(({ job }) => source.item(workItemKey(job))));
      for (const [i, { job, ticket }] of some.entries()) {
        const item = items[i] ?? null;
        if (item?.state === 'withdrawn' || (item && queued.has(jobSubject(item.job)))) continue;
        if (item?.state === 'settled') found.push({ kind: 'untold', job, item });
        else {
          // A worker that holds the job can settle the work item without a message in the queue. So this job is not
          // lost.
          held ??= new Set((await source.members()).flatMap(({ jobs }) => jobs));
          if (item?.state === 'running' && held.has(job.key)) continue;
          found.push({ kind: 'lost', job, item, ticket: Math.max(ticket, item?.ticket ?? 0) });
        }
      }
    }
    const before = this.suspects;
    this.suspects = new Map(found.map((one) => [one.job.artifact, standOf(one)]));
    return found.filter(
      (one) => before.get(one.job.artifact) === standOf(one) && this.open.has(one.job.artifact),
    );
  }
}

const standOf = ({ kind, item }: LostJob): string => `${kind} ${item?.state} ${item?.ticket} ${item?.holder}`;
