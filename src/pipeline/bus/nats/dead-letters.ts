import { StringCodec, type JetStreamClient, type JsMsg } from 'nats';
import type { RunEventBody } from '../../run-event.js';
import type { Job } from '../job.js';
import type { LoggedMessage } from './logged-messages.js';
import { deadEvent, deadJob } from './names.js';

const text = StringCodec();
/** Of a message that nobody understands, this much is kept. */
const keptBytes = 16 * 1024;

/** What could not be worked on, with its reason, for somebody to look at (stream HAF_DLQ). */
export class DeadLetters {
  constructor(private readonly js: JetStreamClient) {}

  /** A message of the queue that is no job. */
  message(message: JsMsg, reason: string): Promise<void> {
    return this.put(deadJob, { reason, ...about(message) });
  }

  /** A message among the events that is no event; it stays where it is. Not every reader may write here. */
  event(message: LoggedMessage, reason: string): void {
    void this.put(deadEvent, { reason, ...about(message) });
  }

  /** A job that was given up. */
  job(job: Job, end: RunEventBody): Promise<void> {
    return this.put(deadJob, { reason: 'given up', job, end });
  }

  private async put(subject: string, letter: object): Promise<void> {
    // Losing a dead letter is no reason to end.
    await this.js.publish(subject, text.encode(JSON.stringify({ v: 1, ...letter }))).catch(() => undefined);
  }
}

const about = ({ subject, seq, data }: Pick<LoggedMessage, 'subject' | 'seq' | 'data'>): object => ({
  subject,
  seq,
  bytes: data.length,
  data: new TextDecoder().decode(data.subarray(0, keptBytes)),
});
