import { randomUUID } from 'node:crypto';
import {
  defer,
  filter,
  lastValueFrom,
  map,
  Subject,
  takeUntil,
  takeWhile,
  toArray,
  type Observable,
} from 'rxjs';
import { StringCodec } from 'nats';
import { runEventSchema, type RunEvent, type RunEventBody } from '../../run-event.js';
import type { LogNews } from '../bus.js';
import { eventsOf, eventStream, eventSubject } from './names.js';
import type { LoggedMessage, MessageSource } from './logged-messages.js';
import type { Requests } from './requests.js';
import { withRetries } from './retry.js';

const text = StringCodec();
/**
 * Texts of a message are cut to this number of characters. A message with a whole stack trace could exceed the size
 * limit of the broker.
 */
const longestText = 4000;

/** The event logs of all runs, in one stream. */
export class EventLog {
  private readonly closing = new Subject<void>();

  constructor(
    private readonly requests: Requests,
    private readonly messages: MessageSource,
    /** Receives each message that is not an event. */
    private readonly reject: (message: LoggedMessage, reason: string) => void,
  ) {}

  /**
   * Idempotent: an event that is published again with the same id is stored once, within the broker's duplicate window.
   * @param id of the event
   */
  async publish(run: string, event: RunEventBody, id: string = randomUUID()): Promise<string> {
    const subject = eventSubject(run, event);
    const data = text.encode(JSON.stringify({ v: 1, ...event }, shorten));
    await withRetries(() => this.requests.append(subject, data, { id }));
    return id;
  }

  events(run: string): Observable<RunEvent> {
    return this.read(run).pipe(filter((entry) => entry !== 'unread' && entry !== 'caught-up'));
  }

  /**
   * The events of a run so far. The run must have at least one message, else this call can wait for ever. The list
   * also ends correctly if the last message cannot be parsed.
   */
  history(run: string): Promise<readonly RunEvent[]> {
    const known = this.read(run).pipe(
      takeWhile((entry) => entry !== 'caught-up'),
      filter((entry) => entry !== 'unread'),
    );
    return lastValueFrom(known.pipe(toArray()));
  }

  read(run: string): Observable<LogNews> {
    return defer(() => {
      let seq = 0;
      return this.messages(eventsOf(run)).pipe(
        map((message): LogNews => {
          if (message === 'caught-up') return message;
          const event = this.parse(message, seq + 1);
          if (event) seq++;
          return event ?? 'unread';
        }),
      );
    }).pipe(takeUntil(this.closing));
  }

  /** Ends every log: the connection is about to close, or has failed for good with `failure`. */
  close(failure?: Error): void {
    if (failure) this.closing.error(failure);
    else this.closing.next();
  }

  private parse(message: LoggedMessage, seq: number): RunEvent | null {
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder().decode(message.data));
    } catch {
      value = null;
    }
    const event = runEventSchema.safeParse(value);
    if (!event.success || (value as { v?: unknown }).v !== 1) {
      this.reject(message, event.success ? 'unknown version' : 'no event of this version');
      return null;
    }
    const id = message.headers?.get('Nats-Msg-Id') || `${eventStream}-${message.seq}`;
    return { ...event.data, v: 1, id, seq, at: message.at.toISOString() };
  }
}

const shorten = (_key: string, value: unknown): unknown =>
  typeof value === 'string' && value.length > longestText ? `${value.slice(0, longestText)}...` : value;
