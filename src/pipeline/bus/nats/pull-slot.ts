import { createInbox, type Msg, type NatsConnection } from 'nats';
import { refused } from './queued-message.js';

/**
 * `$JS.ACK.<stream>.<consumer>...`: reply subject of a message, for acknowledging it. A status message (such as
 * "expired") has no reply subject.
 */
const ackPrefix = '$JS.ACK.';

/** Whether an answer to a pull request is a message of the queue, and not a status message. */
export const isQueued = ({ reply = '' }: Msg): boolean => reply.startsWith(ackPrefix);

/**
 * A subscription for the answers to pull requests of one queue, one request at a time. The subscription is kept for
 * the next request. The subject of an answer names the job and not the request, so the requests of a connection
 * cannot share one subscription.
 */
export class PullSlot {
  private readonly inbox: string;
  private take: ((answer: Msg | null) => void) | null = null;

  /** @param inboxPrefix prefix of the subjects that the role may subscribe */
  constructor(
    private readonly nc: NatsConnection,
    inboxPrefix: string,
  ) {
    this.inbox = createInbox(inboxPrefix);
    nc.subscribe(this.inbox, { callback: (error, answer) => error ?? this.onAnswer(answer) });
  }

  /** The answer to a request. Null when there is none within the timeout. */
  ask(subject: string, data: Uint8Array, timeoutMs: number): Promise<Msg | null> {
    return new Promise((resolve) => {
      this.nc.publish(subject, data, { reply: this.inbox });
      const take = (answer: Msg | null): void => {
        clearTimeout(timer);
        this.take = null;
        resolve(answer);
      };
      const timer = setTimeout(() => take(null), timeoutMs);
      this.take = take;
    });
  }

  /**
   * Passes an answer to the waiting request. A message may arrive after the timeout of its own request. Then the next
   * request gets the message. If no request waits, the message returns to the queue.
   */
  private onAnswer(answer: Msg): void {
    if (this.take) this.take(answer);
    else if (isQueued(answer)) answer.respond(refused);
  }
}
