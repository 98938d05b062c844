import { randomUUID } from 'node:crypto';
import type { JsMsg } from 'nats';
import type { RunEventBody } from '../../run-event.js';
import type { Lease } from '../bus.js';
import { workItemKey, type Job } from '../job.js';
import type { EventLog } from './event-log.js';
import { patiently } from './patience.js';
import { requeued, settled, type WorkItem } from './work-item.js';
import type { WorkItems } from './work-items.js';

export interface LeaseOptions {
  readonly items: WorkItems;
  readonly log: EventLog;
  readonly maxAttempts: number;
  /** A job that failed comes back after this long, behind those that wait. */
  readonly retryDelayMs: number;
  /** Whether a declined job may yet be done (`mayBeDoneByOthers`). */
  readonly othersFor: (job: Job, decliner: string, declinedBy: readonly string[]) => Promise<boolean>;
  /** A failure that ended a job for good. */
  readonly onGivenUp: (job: Job, end: RunEventBody) => Promise<void>;
}

/** Tells what was settled to every run that waited; the same ids each time, so that telling again changes nothing. */
export async function tellEnd(log: EventLog, { runs, end }: WorkItem): Promise<void> {
  if (end) for (const run of runs) await log.publish(run, end.event, `${end.id}.${run}`);
}

/** A message of the queue and the work item that says we hold it. */
export class NatsLease implements Lease {
  readonly attempt: number;
  readonly worker: string;
  private runs: readonly string[];
  private readonly vanished = new AbortController();
  private readonly endId = randomUUID();

  constructor(
    private readonly message: JsMsg,
    /** As the message says, which an orchestrator wrote. Any worker may write work items. */
    readonly job: Job,
    item: WorkItem,
    private readonly holder: string,
    worker: string,
    private readonly options: LeaseOptions,
  ) {
    this.attempt = item.attempts + 1;
    this.worker = worker;
    this.runs = item.runs;
  }

  get lost(): AbortSignal {
    return this.vanished.signal;
  }

  /** Asks the work item first: the broker would let a stale holder's heartbeat keep the message from its heir. */
  async heartbeat(): Promise<void> {
    if (this.lost.aborted) return;
    const item = await this.options.items.get(workItemKey(this.job));
    if (item?.state !== 'running' || item.holder !== this.holder) return this.vanished.abort();
    this.runs = item.runs;
    this.message.working();
  }

  /** Whether a run waits for it, as far as is known here. */
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

  /** Settles the work item, tells it, and takes the message off the queue. */
  private async end(event: RunEventBody): Promise<boolean> {
    const { items, log } = this.options;
    // A second call means the lease was settled before.
    if (this.lost.aborted) return false;
    const item = await items.changeExpected(workItemKey(this.job), (present) =>
      settled(present, this.holder, { id: this.endId, event }),
    );
    this.vanished.abort();
    if (!item) return false;
    await tellEnd(log, item);
    await patiently(() => this.message.ackAck());
    return true;
  }

  /** Queues the work item, tells why, and lets the broker deliver the message again. */
  private async handBack(
    change: Partial<WorkItem>,
    event: RunEventBody | null,
    delayMs: number,
  ): Promise<boolean> {
    if (this.lost.aborted) return false;
    const { items, log } = this.options;
    let done = false;
    const item = await items.change(workItemKey(this.job), (present) => {
      // Our own write whose answer was lost: queued, and not by anybody else, since nobody else was woken.
      if (done && present?.state === 'queued') return present;
      done = true;
      return requeued(present, this.holder, change);
    });
    this.vanished.abort();
    if (!item) return false;
    if (event) for (const run of item.runs) await log.publish(run, event);
    this.message.nak(delayMs);
    return true;
  }
}
