import { Observable } from 'rxjs';
import type { ConsumerMessages, JetStreamClient, MsgHdrs } from 'nats';
import { patiently } from './patience.js';

const nanosPerMs = 1_000_000;

/** A message of a stream, whichever way it was read. */
export interface LoggedMessage {
  readonly subject: string;
  readonly seq: number;
  readonly data: Uint8Array;
  readonly headers: MsgHdrs | undefined;
  /** When the broker stored it. */
  readonly at: Date;
}

/** The messages of a stream under a subject, oldest first and then live ones; `caught-up` after the last one so far. */
export type MessageSource = (subject: string) => Observable<LoggedMessage | 'caught-up'>;

/**
 * Reads by an ordered consumer: it continues where it was when the broker or the connection was gone. Needs the right to
 * make consumers. `caught-up` does not come before the first message.
 */
export const consumedMessages =
  (js: JetStreamClient, stream: string): MessageSource =>
  (subject) =>
    new Observable((subscriber) => {
      let closed = false;
      let messages: ConsumerMessages | null = null;
      const begin = async (): Promise<void> => {
        const consumer = await patiently(() =>
          // From the first message on. Asking for "all" as well makes the server refuse, and the client ask for ever.
          js.consumers.get(stream, { filterSubjects: subject }),
        );
        if (closed) return;
        messages = await consumer.consume({
          callback: ({ subject: of, seq, data, headers, info }) => {
            if (closed) return;
            // The broker's clock: those of the machines may be minutes apart.
            subscriber.next({
              subject: of,
              seq,
              data,
              headers,
              at: new Date(info.timestampNanos / nanosPerMs),
            });
            if (info.pending === 0) subscriber.next('caught-up');
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
    });
