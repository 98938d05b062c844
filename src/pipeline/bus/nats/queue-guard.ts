import { Subject } from 'rxjs';
import type { JetStreamManager, NatsConnection } from 'nats';
import { HafError } from '../../core/errors.js';
import { counted } from '../../core/wording.js';
import { workItemKey, type Job } from '../job.js';
import type { EventLog } from './event-log.js';
import { OpenJobs } from './lost-jobs.js';
import { allJobs, eventStream, jobStream } from './names.js';
import { withRetries } from './retry.js';
import type { Presence } from './presence.js';
import { ensureTopology } from './topology.js';
import { requeuedAfterLoss, type WorkItem } from './work-item.js';
import type { WorkItems } from './work-items.js';

export interface QueueGuardOptions {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  readonly items: WorkItems;
  readonly presence: Presence;
  readonly log: EventLog;
  readonly leaseMs: number;
  /** Time between two checks of the queue, in milliseconds. */
  readonly lookMs: number;
  /** Publishes a message for a queued work item. */
  readonly queue: (item: WorkItem | null) => Promise<void>;
  /** Receives a fault that cannot be repaired. */
  readonly onBroken: (error: HafError) => void;
}

/**
 * A check compares all jobs with the queue only after a suspicion, for example if the queue has too few messages.
 * After this many checks without a suspicion, the guard compares them nevertheless: a message of another run can hide
 * that a message of this run is missing.
 */
const looksWithoutReason = 6;

/** Watches the jobs that an orchestrator has queued. Queues a job again when the broker has lost it. */
export class QueueGuard {
  /** One sentence for people about each repair. */
  readonly news = new Subject<string>();
  private readonly jobs = new OpenJobs();
  private timer: NodeJS.Timeout | undefined;
  private busy = false;
  private looks = 0;
  private lastEvent = 0;

  constructor(private readonly options: QueueGuardOptions) {}

  queued(job: Job, item: WorkItem | null): void {
    this.jobs.add(job, item?.ticket ?? 0);
    this.timer ??= setInterval(() => void this.look(), this.options.lookMs).unref();
  }

  ended(artifact: string): void {
    this.jobs.ended(artifact);
    this.looks = 0;
  }

  forget(run: string): void {
    this.jobs.forget(run);
  }

  close(): void {
    clearInterval(this.timer);
    this.news.complete();
  }

  private async look(): Promise<void> {
    if (this.busy || this.jobs.size === 0) return;
    this.busy = true;
    try {
      await this.mendStreams();
      await this.mendJobs();
    } catch (error) {
      // Other errors are not reported here: the connection itself reports an unreachable broker.
      if (error instanceof HafError && error.code === 'HAF_BROKER_UNFIT') this.options.onBroken(error);
    } finally {
      this.busy = false;
    }
  }

  private async mendStreams(): Promise<void> {
    const { nc, jsm, leaseMs, onBroken } = this.options;
    const made = await ensureTopology(nc, leaseMs, { keepsLease: true });
    if (made.length > 0) this.news.next(`the broker had lost ${made.join(', ')}; made again`);
    const { state } = await withRetries(() => jsm.streams.info(eventStream));
    // If the event stream was deleted, its sequence numbers have started again at 1. The run cannot continue its log.
    if (made.includes(eventStream) || state.last_seq < this.lastEvent)
      onBroken(
        new HafError(
          'HAF_BROKER_UNFIT',
          `The stream ${eventStream} was deleted while the run went on, so its events are lost.`,
          'Run the same command again: finished work is in the store. Nobody should delete streams of the broker during a run.',
        ),
      );
    this.lastEvent = state.last_seq;
  }

  private async mendJobs(): Promise<void> {
    const { jsm, items, presence, log, queue } = this.options;
    const { state } = await withRetries(() => jsm.streams.info(jobStream));
    const isSuspect = state.messages < this.jobs.size || this.jobs.hasSuspects;
    if (!isSuspect && ++this.looks % looksWithoutReason !== 0) return;
    const lost = await this.jobs.lost({
      queued: async () => {
        const wanted = { subjects_filter: allJobs };
        const info = await withRetries(() => jsm.streams.info(jobStream, wanted));
        return new Set(Object.keys(info.state.subjects ?? {}));
      },
      item: (key) => items.get(key),
      members: () => presence.members(),
    });
    let again = 0;
    for (const one of lost)
      if (one.kind === 'untold') {
        if (one.item.end) await log.publish(one.job.run, one.item.end.event);
      } else {
        const item = await items.change(workItemKey(one.job), (present) =>
          requeuedAfterLoss(present, one.item, one.job, one.ticket),
        );
        if (!item) continue;
        await queue(item);
        this.jobs.add(one.job, item.ticket);
        again++;
      }
    if (again > 0)
      this.news.next(
        `the broker had lost the queue's messages of ${counted(again, 'job')} (perhaps the stream ${jobStream} was purged); they were queued again`,
      );
  }
}
