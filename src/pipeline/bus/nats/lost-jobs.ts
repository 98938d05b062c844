import type { Job } from '../job.js';
import { workItemKey } from '../job.js';
import type { Member } from '../member.js';
import { jobSubject } from './names.js';
import type { WorkItem } from './work-item.js';

/** What the broker tells of the jobs of a run. */
export interface LostJobsSource {
  /** Subjects of all messages in the queue, whoever waits or works on them. */
  readonly queued: () => Promise<ReadonlySet<string>>;
  readonly item: (key: string) => Promise<WorkItem | null>;
  readonly members: () => Promise<readonly Member[]>;
}

/** A job without a message that could bring it to an end, or one that ended without its run hearing of it. */
export type LostJob =
  | { readonly kind: 'lost'; readonly job: Job; readonly item: WorkItem | null; readonly ticket: number }
  | { readonly kind: 'untold'; readonly job: Job; readonly item: WorkItem };

/** Requests to the broker at once. */
const atOnce = 32;

/**
 * The jobs that this process queued and that have not ended. It finds those that the broker has lost: the queue was purged
 * or deleted, or keys of work items are gone. No time decides that, so a slow job is never taken for a lost one. A job
 * counts as lost when two looks in a row find it so: between two writes of an enqueue it looks the same for a moment.
 */
export class OpenJobs {
  private readonly open = new Map<string, { readonly job: Job; ticket: number }>();
  private suspects = new Map<string, string>();

  get size(): number {
    return this.open.size;
  }

  /** Whether the last look found some, which the next one decides on. */
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
          // Its worker goes on without the message and settles the work item.
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
