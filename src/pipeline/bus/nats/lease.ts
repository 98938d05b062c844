import { randomUUID } from 'node:crypto';
import type { RunEventBody } from '../../run-event.js';
import { leaseEnded, type Lease } from '../bus.js';
import { workItemKey, type Job } from '../job.js';
import type { EventLog } from './event-log.js';
import { instant, msSince, type Instant } from './instant.js';
import type { QueuedMessage } from './queued-message.js';
import { withRetries } from './retry.js';
import { requeued, settled, type WorkItem } from './work-item.js';
import type { WorkItems } from './work-items.js';

export interface LeaseOptions {
  readonly items: WorkItems;
  readonly log: EventLog;
  readonly maxAttempts: number;
  /** Backoff: a failed job is delivered again after this time. Jobs that already wait are delivered before it. */
  readonly retryDelayMs: number;
  /** Whether another worker may still be able to do a declined job (`mayBeDoneByOthers`). */
  readonly othersFor: (job: Job, decliner: string, declinedBy: readonly string[]) => Promise<boolean>;
  /** Called for a failure that ended a job for good. */
  readonly onGivenUp: (job: Job, end: RunEventBody) => Promise<void>;
}

/**
 * Within this time after an answer of the broker, a lease cannot expire, and `confirm` does not ask the broker again.
 * The time is short, because another run may shorten the lease time of the broker to two seconds while a job runs.
 */
const freshMs = 250;

/** Publishes the end of a job to every run that waited for it. Idempotent: the event ids are the same each time. */
export async function tellEnd(log: EventLog, { runs, end }: WorkItem): Promise<void> {
  if (end) for (const run of runs) await log.publish(run, end.event, `${end.id}.${run}`);
}

/** A lease: a message of the queue, and the work item that names this worker as the holder. */
export class NatsLease implements Lease {
  readonly attempt: number;
  readonly worker: string;
  private runs: readonly string[];
  private readonly vanished = new AbortController();
  private readonly endId = randomUUID();
  private confirmed: Instant;

  constructor(
    private readonly message: QueuedMessage,
    /**
     * The job as the queue's message describes it. The copy in the work item is not used, because any worker can
     * write work items. Only an orchestrator can write messages.
     */
    readonly job: Job,
    item: WorkItem,
    private readonly holder: string,
    worker: string,
    /**
     * When the message arrived. It counts as the first confirmation of the lease. The lease began after this moment, so
     * this worker never estimates its end too late.
     */
    arrived: Instant,
    private readonly options: LeaseOptions,
  ) {
    this.confirmed = arrived;
    this.attempt = item.attempts + 1;
    this.worker = worker;
    this.runs = item.runs;
  }

  get lost(): AbortSignal {
    return this.vanished.signal;
  }

  /**
   * Reads the work item first, and extends the message only if this worker is still the holder. The broker would
   * accept the heartbeat of a stale holder, and would then not deliver the message to another worker.
   */
  async heartbeat(): Promise<void> {
    if (this.lost.aborted) return;
    const asked = instant();
    const item = await this.options.items.get(workItemKey(this.job));
    if (item?.state !== 'running' || item.holder !== this.holder) return this.vanished.abort(leaseEnded);
    this.runs = item.runs;
    this.message.working();
    this.confirmed = asked;
  }

  async confirm(): Promise<void> {
    if (msSince(this.confirmed) >= freshMs) await this.heartbeat();
  }

  /** Whether a matching run waits for this job, according to the work item as this worker last saw it. */
  isFor(matches: (run: string) => boolean): boolean {
    return this.runs.some(matches);
  }

  async publish(event: RunEventBody): Promise<void> {
    await Promise.all(this.runs.map((run) => this.options.log.publish(run, event)));
  }

  async commit(done: RunEventBody): Promise<'committed' | 'fenced'> {
    return (await this.end(done)) ? 'committed' : 'fenced';
  }

  async fail(
    retryable: boolean,
    eventOf: (verdict: 'retried' | 'given-up') => RunEventBody,
  ): Promise<'retried' | 'given-up' | 'fenced'> {
    const { maxAttempts, retryDelayMs, onGivenUp } = this.options;
    if (retryable && this.attempt < maxAttempts) {
      const change = { attempts: this.attempt };
      return (await this.handBack(change, eventOf('retried'), retryDelayMs)) ? 'retried' : 'fenced';
    }
    const event = eventOf('given-up');
    if (!(await this.end(event))) return 'fenced';
    await onGivenUp(this.job, event);
    return 'given-up';
  }

  async decline(
    eventOf: (verdict: 'returned' | 'given-up') => RunEventBody,
  ): Promise<'returned' | 'given-up' | 'fenced'> {
    const { items, othersFor, retryDelayMs, onGivenUp } = this.options;
    const item = await items.get(workItemKey(this.job));
    const declinedBy = [...(item?.declinedBy ?? []), this.worker];
    const event = eventOf('given-up');
    if (await othersFor(this.job, this.worker, declinedBy)) {
      const change = { declinedBy, refusal: event };
      return (await this.handBack(change, eventOf('returned'), retryDelayMs)) ? 'returned' : 'fenced';
    }
    if (!(await this.end(event))) return 'fenced';
    await onGivenUp(this.job, event);
    return 'given-up';
  }

  async release(): Promise<void> {
    await this.handBack({}, null, 0);
  }

  /** Settles the work item, publishes the event, and acknowledges the message. */
  private async end(event: RunEventBody): Promise<boolean> {
    const { items, log } = this.options;
    // The lease has been lost or settled already.
    if (this.lost.aborted) return false;
    const item = await items.changeExpected(workItemKey(this.job), (present) =>
      settled(present, this.holder, { id: this.endId, event }),
    );
    this.vanished.abort(leaseEnded);
    if (!item) return false;
    await tellEnd(log, item);
    await withRetries(() => this.message.ackAck());
    return true;
  }

  /** Marks the work item as queued, publishes the reason, and asks the broker to deliver the message again (nak). */
  private async handBack(
    change: Partial<WorkItem>,
    event: RunEventBody | null,
    delayMs: number,
  ): Promise<boolean> {
    if (this.lost.aborted) return false;
    const { items, log } = this.options;
    let done = false;
    const item = await items.change(workItemKey(this.job), (present) => {
      // This is a second attempt. The first write of this worker has set the state `queued`, but its answer was lost.
      // Another worker cannot have queued the item, because the message is not back in the queue yet.
      if (done && present?.state === 'queued') return present;
      done = true;
      return requeued(present, this.holder, change);
    });
    this.vanished.abort(leaseEnded);
    if (!item) return false;
    if (event) for (const run of item.runs) await log.publish(run, event);
    this.message.nak(delayMs);
    return true;
  }
}
