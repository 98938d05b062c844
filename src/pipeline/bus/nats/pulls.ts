import { setTimeout as sleep } from 'node:timers/promises';
import { nanos, type NatsConnection } from 'nats';
import type { JobClass } from '../../stage.js';
import { consumerOf, jobStream } from './names.js';
import { isQueued, PullSlot } from './pull-slot.js';
import { QueuedMessage } from './queued-message.js';
import type { Requests } from './requests.js';

/** Timeout of a pull request at the broker. The request is repeated afterwards. */
const expiresMs = 2000;
const pauseMs = 500;
/**
 * Timeout for the answer to a pull request. It is longer than `expiresMs`, because the broker answers an expired
 * request a little late.
 */
const answerMs = 1.05 * expiresMs;
const oneMessage = new TextEncoder().encode(JSON.stringify({ batch: 1, expires: nanos(expiresMs) }));
/** Status of a pull request that has expired. */
const expired = 408;

/**
 * Pulls one message at a time. Prefetching more would let one worker hold jobs that idle workers could do. A pull
 * request cannot be cancelled. A request whose caller has stopped waiting is kept for the next caller.
 */
export class Pulls {
  private readonly parked: Record<JobClass, Promise<QueuedMessage | null>[]> = { cpu: [], gpu: [] };
  private readonly idle: Record<JobClass, PullSlot[]> = { cpu: [], gpu: [] };
  private closed = false;
  private failure: Error | null = null;

  constructor(
    private readonly nc: NatsConnection,
    private readonly inboxPrefix: string,
    private readonly requests: Requests,
  ) {}

  /** The next message of a class. Null when the signal aborts. */
  async next(jobClass: JobClass, signal: AbortSignal): Promise<QueuedMessage | null> {
    let forget = (): void => undefined;
    const stopped = new Promise<'stopped'>((resolve) => {
      const stop = (): void => resolve('stopped');
      signal.addEventListener('abort', stop, { once: true });
      forget = () => signal.removeEventListener('abort', stop);
    });
    try {
      while (!signal.aborted && !this.closed) {
        const pull = this.parked[jobClass].shift() ?? this.pull(jobClass);
        const message = await Promise.race([pull, stopped]);
        if (message === 'stopped') this.park(jobClass, pull);
        else if (message) return message;
      }
      if (this.failure) throw this.failure;
      return null;
    } finally {
      forget();
    }
  }

  close(): void {
    this.closed = true;
  }

  /** Ends each pending and later call of `next` with this error, because the connection has failed for good. */
  fail(error: Error): void {
    this.closed = true;
    this.failure = error;
  }

  /**
   * Keeps a prefetch request without a caller. A message that arrives before the next caller asks is returned to the
   * queue for other workers.
   */
  private park(jobClass: JobClass, pull: Promise<QueuedMessage | null>): void {
    const parked = this.parked[jobClass];
    parked.push(pull);
    void pull.then((message) => {
      const at = parked.indexOf(pull);
      if (at < 0) return;
      void parked.splice(at, 1);
      message?.nak();
    });
  }

  /**
   * Sends one pull request. Null when it brings no message, or when the broker is unreachable for a while: the caller
   * asks again.
   */
  private async pull(jobClass: JobClass): Promise<QueuedMessage | null> {
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${jobStream}.${consumerOf(jobClass)}`;
    const slot = this.idle[jobClass].pop() ?? new PullSlot(this.nc, this.inboxPrefix);
    const answer = await slot.ask(subject, oneMessage, answerMs).catch(() => 'closed' as const);
    this.idle[jobClass].push(slot);
    if (answer !== 'closed') {
      if (answer && isQueued(answer)) return new QueuedMessage(answer, this.requests);
      if (answer === null || answer.headers?.code === expired) return null;
    }
    // Without a pause, a request that the broker refuses would be repeated at once.
    if (!this.closed) await sleep(pauseMs);
    return null;
  }
}
