import { randomUUID } from 'node:crypto';
import { workItemKey, type Job } from '../job.js';
import { vanishedEvent } from '../vanished.js';
import type { DeadLetters } from './dead-letters.js';
import { instant } from './instant.js';
import { NatsLease, tellEnd, type LeaseOptions } from './lease.js';
import { parseMessage } from './queue-message.js';
import type { QueuedMessage } from './queued-message.js';
import { claimed, type WorkItem } from './work-item.js';

export interface ClaimOptions extends LeaseOptions {
  readonly maxLapses: number;
}

/** A job that a worker declines is delivered again after this delay, so that another worker can take it first. */
const declinedDelayMs = 1000;
/** A job of a store that this worker does not serve is delivered again after this delay. */
const foreignDelayMs = 2000;

/** Turns messages of the queue into leases. The work item of a message decides whether the worker gets the lease. */
export class Claims {
  constructor(
    private readonly deadLetters: DeadLetters,
    private readonly options: ClaimOptions,
  ) {}

  /**
   * The lease for a message of the queue. Null when the worker must not compute the job; `foreign` when the worker does
   * not serve the job's store.
   */
  async take(
    message: QueuedMessage,
    worker: string,
    serves: (job: Job) => boolean,
  ): Promise<NatsLease | 'foreign' | null> {
    const arrived = instant();
    const parsed = parseMessage(message.data);
    if ('fault' in parsed) {
      await this.deadLetters.message(message, parsed.fault);
      message.term();
      return null;
    }
    if (!serves(parsed.job)) {
      message.nak(foreignDelayMs);
      return 'foreign';
    }
    const holder = randomUUID();
    const delivery = { ...parsed, seq: message.seq, worker, holder };
    let claim = claimed(null, delivery, this.options.maxLapses);
    await this.options.items.changeExpected(workItemKey(parsed.job), (item) => {
      claim = claimed(item, delivery, this.options.maxLapses);
      return claim.kind === 'mine' ? claim.item : null;
    });
    switch (claim.kind) {
      case 'mine':
        return new NatsLease(message, parsed.job, claim.item, holder, worker, arrived, this.options);
      case 'declined': {
        const { refusal, declinedBy } = claim.item;
        // This worker has declined the job. If all other members that were able to do it have left since, the job is
        // given up.
        if (refusal && !(await this.options.othersFor(parsed.job, worker, declinedBy)))
          await this.giveUp(message, claim.item, { id: holder, event: refusal });
        else message.nak(declinedDelayMs);
        return null;
      }
      case 'vanished': {
        const event = vanishedEvent(parsed.job, claim.item.lapses);
        await this.giveUp(message, claim.item, { id: holder, event });
        return null;
      }
      case 'settled':
        await tellEnd(this.options.log, claim.item);
        message.ack();
        return null;
      case 'stale':
        message.ack();
        return null;
    }
  }

  /** Settles a work item that no worker holds. Does nothing when another process has changed the item first. */
  private async giveUp(
    message: QueuedMessage,
    seen: WorkItem,
    end: NonNullable<WorkItem['end']>,
  ): Promise<void> {
    const item = await this.options.items.change(workItemKey(seen.job), (present) => {
      if (present?.end?.id === end.id) return present;
      const same = present?.ticket === seen.ticket && present.holder === seen.holder;
      return same ? { ...present, state: 'settled', holder: null, message: null, end } : null;
    });
    if (!item) return message.nak();
    await tellEnd(this.options.log, item);
    await this.deadLetters.job(item.job, end.event);
    message.ack();
  }
}
