import { Observable } from 'rxjs';
import type { ConsumerMessages, JetStreamClient, MsgHdrs } from 'nats';
import { withRetries } from './retry.js';

const nanosPerMs = 1_000_000;

/** A message of a stream. It has the same fields for each way of reading. */
export interface LoggedMessage {
  readonly subject: string;
  readonly seq: number;
  readonly data: Uint8Array;
  readonly headers: MsgHdrs | undefined;
  /** When the broker stored the message, by the broker's clock. */
  readonly at: Date;
}

/**
 * The messages of a stream under a subject: first the stored ones, oldest first, then `caught-up`, then new ones as
 * they come.
 */
export type MessageSource = (subject: string) => Observable<LoggedMessage | 'caught-up'>;

/**
 * Reads by an ordered consumer, which continues after the last received message when an outage has ended. The role of
 * this client needs the right to make consumers. While the subject has no message, `caught-up` is not emitted.
 */
export const consumedMessages =
  (js: JetStreamClient, stream: string): MessageSource =>
  (subject) =>
    new Observable((subscriber) => {
      let closed = false;
      let messages: ConsumerMessages | null = null;
      const begin = async (): Promise<void> => {
        const consumer = await withRetries(() =>
          // `deliver_policy` is left out, and the default reads from the first message on. With an explicit "all" the
          // server refuses the request, and the client retries for ever.
          js.consumers.get(stream, { filterSubjects: subject }),
        );
        if (closed) return;
        messages = await consumer.consume({
          callback: ({ subject: of, seq, data, headers, info }) => {
            if (closed) return;
            // The time comes from the broker's clock, because the clocks of the machines may be minutes apart.
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
