import { randomUUID } from 'node:crypto';
import type { JsMsg } from 'nats';
import type { RunEventBody } from '../../run-event.js';
import type { Lease } from '../bus.js';
import { unitKey, type Job } from '../job.js';
import type { EventLog } from './event-log.js';
import { patiently } from './patience.js';
import { requeued, settled, type Unit } from './unit.js';
import type { Units } from './units.js';

export interface LeaseOptions {
  readonly units: Units;
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
export async function tellEnd(log: EventLog, { runs, end }: Unit): Promise<void> {
  if (end) for (const run of runs) await log.publish(run, end.event, `${end.id}.${run}`);
}

/** A message of the queue and the unit that says we hold it. */
export class NatsLease implements Lease {
  readonly job: Job;
  readonly attempt: number;
  readonly worker: string;
  private runs: readonly string[];
  private readonly vanished = new AbortController();
  private readonly endId = randomUUID();

  constructor(
    private readonly message: JsMsg,
    unit: Unit,
    private readonly holder: string,
    worker: string,
    private readonly options: LeaseOptions,
  ) {
    this.job = unit.job;
    this.attempt = unit.attempts + 1;
    this.worker = worker;
    this.runs = unit.runs;
  }

  get lost(): AbortSignal {
    return this.vanished.signal;
  }

  /** Asks the unit first: the broker would let a stale holder's heartbeat keep the message from its heir. */
  async heartbeat(): Promise<void> {
    if (this.lost.aborted) return;
    const unit = await this.options.units.get(unitKey(this.job));
    if (unit?.state !== 'running' || unit.holder !== this.holder) return this.vanished.abort();
    this.runs = unit.runs;
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
    const { units, othersFor, retryDelayMs, onGivenUp } = this.options;
    const unit = await units.get(unitKey(this.job));
    const declinedBy = [...(unit?.declinedBy ?? []), this.worker];
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

  /** Settles the unit, tells it, and takes the message off the queue. */
  private async end(event: RunEventBody): Promise<boolean> {
    const { units, log } = this.options;
    // A second call means the lease was settled before.
    if (this.lost.aborted) return false;
    const unit = await units.change(unitKey(this.job), (present) =>
      settled(present, this.holder, { id: this.endId, event }),
    );
    this.vanished.abort();
    if (!unit) return false;
    await tellEnd(log, unit);
    await patiently(() => this.message.ackAck());
    return true;
  }

  /** Queues the unit, tells why, and lets the broker deliver the message again. */
  private async handBack(
    change: Partial<Unit>,
    event: RunEventBody | null,
    delayMs: number,
  ): Promise<boolean> {
    if (this.lost.aborted) return false;
    const { units, log } = this.options;
    let done = false;
    const unit = await units.change(unitKey(this.job), (present) => {
      // Our own write whose answer was lost: queued, and not by anybody else, since nobody else was woken.
      if (done && present?.state === 'queued') return present;
      done = true;
      return requeued(present, this.holder, change);
    });
    this.vanished.abort();
    if (!unit) return false;
    if (event) for (const run of unit.runs) await log.publish(run, event);
    this.message.nak(delayMs);
    return true;
  }
}
