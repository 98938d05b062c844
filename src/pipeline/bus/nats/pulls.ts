import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, JetStreamClient, JsMsg } from 'nats';
import type { JobClass } from '../../stage.js';
import { consumerOf, jobStream } from './names.js';

/** Timeout of a pull request at the broker. The request is repeated afterwards. */
const expiresMs = 2000;
const pauseMs = 500;

/**
 * Pulls one message at a time. Prefetching more would let one worker hold jobs that idle workers could do. A pull request
 * cannot be cancelled. A request whose caller has stopped waiting is kept for the next caller.
 */
export class Pulls {
  private readonly consumers = new Map<JobClass, Promise<Consumer>>();
  private readonly parked: Record<JobClass, Promise<JsMsg | null>[]> = { cpu: [], gpu: [] };
  private closed = false;
  private failure: Error | null = null;

  constructor(private readonly js: JetStreamClient) {}

  /** The next message of a class. Null when the signal aborts. */
  async next(jobClass: JobClass, signal: AbortSignal): Promise<JsMsg | null> {
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

  /** Ends every claim with an error, because the connection has failed for good. */
  fail(error: Error): void {
    this.closed = true;
    this.failure = error;
  }

  /**
   * Keeps a prefetch request without a caller. A message that arrives before the next caller asks is returned to the
   * queue for other workers.
   */
  private park(jobClass: JobClass, pull: Promise<JsMsg | null>): void {
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
  private async pull(jobClass: JobClass): Promise<JsMsg | null> {
    try {
      return await (await this.consumer(jobClass)).next({ expires: expiresMs });
    } catch {
      this.consumers.delete(jobClass);
      if (!this.closed) await sleep(pauseMs);
      return null;
    }
  }

  private consumer(jobClass: JobClass): Promise<Consumer> {
    const known = this.consumers.get(jobClass) ?? this.js.consumers.get(jobStream, consumerOf(jobClass));
    this.consumers.set(jobClass, known);
    return known;
  }
}
