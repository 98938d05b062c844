import { randomUUID } from 'node:crypto';
import type { JsMsg } from 'nats';
import { unitKey } from '../job.js';
import { vanishedEvent } from '../vanished.js';
import type { DeadLetters } from './dead-letters.js';
import { NatsLease, tellEnd, type LeaseOptions } from './lease.js';
import { parseMessage } from './queue-message.js';
import { claimed, type Unit } from './unit.js';

export interface ClaimOptions extends LeaseOptions {
  readonly maxLapses: number;
}

/** A worker that cannot do a job leaves it to others for this long. */
const declinedDelayMs = 1000;

/** Turns messages of the queue into leases, as far as their units allow. */
export class Claims {
  constructor(
    private readonly deadLetters: DeadLetters,
    private readonly options: ClaimOptions,
  ) {}

  /** The lease that a message of the queue gives, if it does. */
  async take(message: JsMsg, worker: string): Promise<NatsLease | null> {
    const parsed = parseMessage(message.data);
    if ('fault' in parsed) {
      await this.deadLetters.message(message, parsed.fault);
      message.term();
      return null;
    }
    const holder = randomUUID();
    const delivery = { ...parsed, seq: message.seq, worker, holder };
    let claim = claimed(null, delivery, this.options.maxLapses);
    await this.options.units.change(unitKey(parsed.job), (unit) => {
      claim = claimed(unit, delivery, this.options.maxLapses);
      return claim.kind === 'mine' ? claim.unit : null;
    });
    switch (claim.kind) {
      case 'mine':
        return new NatsLease(message, claim.unit, holder, worker, this.options);
      case 'declined': {
        const { refusal, declinedBy } = claim.unit;
        // Whoever could have done it may have left meanwhile.
        if (refusal && !(await this.options.othersFor(parsed.job, worker, declinedBy)))
          await this.giveUp(message, claim.unit, { id: holder, event: refusal });
        else message.nak(declinedDelayMs);
        return null;
      }
      case 'vanished': {
        const event = vanishedEvent(parsed.job, claim.unit.lapses);
        await this.giveUp(message, claim.unit, { id: holder, event });
        return null;
      }
      case 'settled':
        await tellEnd(this.options.log, claim.unit);
        message.ack();
        return null;
      case 'stale':
        message.ack();
        return null;
    }
  }

  /** Settles a unit that nobody holds, unless somebody was quicker. */
  private async giveUp(message: JsMsg, seen: Unit, end: NonNullable<Unit['end']>): Promise<void> {
    const unit = await this.options.units.change(unitKey(seen.job), (present) => {
      if (present?.end?.id === end.id) return present;
      const same = present?.ticket === seen.ticket && present.holder === seen.holder;
      return same ? { ...present, state: 'settled', holder: null, message: null, end } : null;
    });
    if (!unit) return message.nak();
    await tellEnd(this.options.log, unit);
    await this.deadLetters.job(unit.job, end.event);
    message.ack();
  }
}
