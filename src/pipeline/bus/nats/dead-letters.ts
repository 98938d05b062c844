import { StringCodec } from 'nats';
import type { RunEventBody } from '../../run-event.js';
import type { Job } from '../job.js';
import type { LoggedMessage } from './logged-messages.js';
import { deadEvent, deadJob } from './names.js';
import type { QueuedMessage } from './queued-message.js';
import type { Requests } from './requests.js';

const text = StringCodec();
/** A message that cannot be parsed is cut to this length. */
const keptBytes = 16 * 1024;

/**
 * The dead-letter queue (stream HAF_DLQ): messages and jobs that could not be processed, each with a reason, for a person
 * to look at.
 */
export class DeadLetters {
  constructor(private readonly requests: Requests) {}

  /** Stores a message of the queue that is not a job. */
  message(message: QueuedMessage, reason: string): Promise<void> {
    return this.put(deadJob, { reason, ...about(message) });
  }

  /**
   * Stores a copy of a message of the event log that is not an event. Does nothing for a role that may not write dead
   * letters.
   */
  event(message: LoggedMessage, reason: string): void {
    void this.put(deadEvent, { reason, ...about(message) });
  }

  /** Stores a job that was given up. */
  job(job: Job, end: RunEventBody): Promise<void> {
    return this.put(deadJob, { reason: 'given up', job, end });
  }

  private async put(subject: string, letter: object): Promise<void> {
    // If the broker does not store a dead letter, the run continues nevertheless.
    await this.requests
      .append(subject, text.encode(JSON.stringify({ v: 1, ...letter })))
      .catch(() => undefined);
  }
}

const about = ({ subject, seq, data }: Pick<LoggedMessage, 'subject' | 'seq' | 'data'>): object => ({
  subject,
  seq,
  bytes: data.length,
  data: new TextDecoder().decode(data.subarray(0, keptBytes)),
});
