import { setTimeout as sleep } from 'node:timers/promises';
import { Observable } from 'rxjs';
import { NatsError, type JetStreamManager, type MsgRequest, type StoredMsg } from 'nats';
import type { LoggedMessage, MessageSource } from './logged-messages.js';
import { withRetries } from './retry.js';

/** Time between two look-ups, in milliseconds, while there is no new message. */
const lookMs = 250;
/**
 * A long log is read by this many concurrent chains of look-ups. Each chain covers an equal range of sequence numbers.
 */
const chains = 64;
const chainLength = 128;

/**
 * Reads by single look-ups (polling), for a role that may not make consumers. Measured: 14,000 messages a second from a
 * log of 10,000 on the same machine, with nats-server 2.9.10 and 2.15.1.
 */
export const lookedUpMessages =
  (jsm: JetStreamManager, stream: string): MessageSource =>
  (subject) =>
    new Observable((subscriber) => {
      const stopped = new AbortController();
      const follow = async (): Promise<void> => {
        for (let from = 1; !stopped.signal.aborted;) {
          const first = await nextMessage(jsm, stream, subject, from);
          if (!first) {
            subscriber.next('caught-up');
            await sleep(lookMs, undefined, { signal: stopped.signal }).catch(() => undefined);
            continue;
          }
          const { state } = await withRetries(() => jsm.streams.info(stream));
          const end = Math.min(Math.max(state.last_seq, first.seq) + 1, first.seq + chains * chainLength);
          for (const message of await between(jsm, stream, subject, first, end)) subscriber.next(message);
          from = end;
        }
      };
      follow().catch((error: unknown) => subscriber.error(error));
      return () => stopped.abort();
    });

/** All messages under a subject whose sequence number is at least `first` and below `end`, in order. */
async function between(
  jsm: JetStreamManager,
  stream: string,
  subject: string,
  first: LoggedMessage,
  end: number,
): Promise<readonly LoggedMessage[]> {
  const chain = async (from: number, until: number): Promise<LoggedMessage[]> => {
    const found: LoggedMessage[] = [];
    while (from < until) {
      const message = await nextMessage(jsm, stream, subject, from);
      if (!message || message.seq >= until) break;
      found.push(message);
      from = message.seq + 1;
    }
    return found;
  };
  const begin = first.seq + 1;
  const starts = Array.from(
    { length: Math.ceil((end - begin) / chainLength) },
    (_, i) => begin + i * chainLength,
  );
  const rest = await Promise.all(starts.map((from) => chain(from, Math.min(from + chainLength, end))));
  return [first, ...rest.flat()];
}

/** The first message under a subject whose sequence number is at least `seq`. Null when there is none yet. */
async function nextMessage(
  jsm: JetStreamManager,
  stream: string,
  subject: string,
  seq: number,
): Promise<LoggedMessage | null> {
  // The type in the NATS client lacks the field `next_by_subj`. nats-server has it since 2.9.
  const wanted = { seq, next_by_subj: subject } as MsgRequest;
  try {
    return logged(await withRetries(() => jsm.streams.getMessage(stream, wanted)));
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.code === 404) return null;
    throw error;
  }
}

const logged = ({ subject, seq, data, header, time }: StoredMsg): LoggedMessage => ({
  ...{ subject, seq, data, headers: header, at: time },
});
