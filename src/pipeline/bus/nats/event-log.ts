import { randomUUID } from 'node:crypto';
import { EMPTY, lastValueFrom, mergeMap, Observable, of, Subject, takeUntil, takeWhile, toArray } from 'rxjs';
import { headers, StringCodec, type ConsumerMessages, type JetStreamClient, type JsMsg } from 'nats';
import { runEventSchema, type RunEvent, type RunEventBody } from '../../run-event.js';
import { eventsOf, eventStream, eventSubject } from './names.js';
import { patiently } from './patience.js';

const text = StringCodec();
const nanosPerMs = 1_000_000;
/** Texts of a message are cut to this; a stack or a long list belongs into the worker's log. */
const longestText = 4000;

/** A message of a log; `event` is null for one that nobody here understands. */
interface Entry {
  readonly event: RunEvent | null;
  /** How many more there were when the broker sent it. */
  readonly pending: number;
}

/** The event logs of all runs, in one stream. */
export class EventLog {
  private readonly closing = new Subject<void>();

  constructor(
    private readonly js: JetStreamClient,
    /** Told of a message that is no event. */
    private readonly reject: (message: JsMsg, reason: string) => void,
  ) {}

  /** @param id the same event twice has the same id, and is stored once within the broker's window */
  async publish(run: string, event: RunEventBody, id: string = randomUUID()): Promise<string> {
    const subject = eventSubject(run, event);
    const head = headers();
    head.set('Nats-Msg-Id', id);
    const data = text.encode(JSON.stringify({ v: 1, ...event }, shorten));
    await patiently(() => this.js.publish(subject, data, { headers: head }));
    return id;
  }

  events(run: string): Observable<RunEvent> {
    return this.entries(run).pipe(mergeMap(({ event }) => (event ? of(event) : EMPTY)));
  }

  /** The events so far of a run that has messages; the last of them may be none. */
  history(run: string): Promise<readonly RunEvent[]> {
    const known = this.entries(run).pipe(
      takeWhile(({ pending }) => pending > 0, true),
      mergeMap(({ event }) => (event ? of(event) : EMPTY)),
    );
    return lastValueFrom(known.pipe(toArray()));
  }

  /** By an ordered consumer, which starts again by itself where it was when the broker or the connection was gone. */
  private entries(run: string): Observable<Entry> {
    return new Observable<Entry>((subscriber) => {
      let [seq, closed] = [0, false];
      let messages: ConsumerMessages | null = null;
      const begin = async (): Promise<void> => {
        const consumer = await patiently(() =>
          // From the first message on. Asking for "all" as well makes the server refuse, and the client ask for ever.
          this.js.consumers.get(eventStream, { filterSubjects: eventsOf(run) }),
        );
        if (closed) return;
        messages = await consumer.consume({
          callback: (message) => {
            const event = this.parse(message, seq + 1);
            if (closed) return;
            if (event) seq++;
            subscriber.next({ event, pending: message.info.pending });
          },
        });
        const error = await messages.closed();
        if (error) subscriber.error(error);
        else subscriber.complete();
      };
      begin().catch((error: unknown) => subscriber.error(error));
      return () => {
        closed = true;
        messages?.stop();
      };
    }).pipe(takeUntil(this.closing));
  }

  /** Ends every log: the connection is about to close, or has broken off for good with an error. */
  close(failure?: Error): void {
    if (failure) this.closing.error(failure);
    else this.closing.next();
  }

  private parse(message: JsMsg, seq: number): RunEvent | null {
    let value: unknown;
    try {
      value = message.json();
    } catch {
      value = null;
    }
    const event = runEventSchema.safeParse(value);
    if (!event.success || (value as { v?: unknown }).v !== 1) {
      this.reject(message, event.success ? 'unknown version' : 'no event of this version');
      return null;
    }
    const id = message.headers?.get('Nats-Msg-Id') || `${eventStream}-${message.seq}`;
    // The broker's clock: those of the machines may be minutes apart.
    const at = new Date(message.info.timestampNanos / nanosPerMs).toISOString();
    return { ...event.data, v: 1, id, seq, at };
  }
}

const shorten = (_key: string, value: unknown): unknown =>
  typeof value === 'string' && value.length > longestText ? `${value.slice(0, longestText)}...` : value;
