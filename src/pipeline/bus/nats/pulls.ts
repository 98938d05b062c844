import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, JetStreamClient, JsMsg } from 'nats';
import type { JobClass } from '../../stage.js';
import { consumerOf, jobStream } from './names.js';

/** A request for a message lives this long at the broker, then it is made again. */
const expiresMs = 2000;
const pauseMs = 500;

/**
 * Asks the broker for one message at a time: fetching ahead would let one worker sit on jobs that others could do. A
 * request cannot be taken back, so one that nobody waits for any more is kept for the next who asks.
 */
export class Pulls {
  private readonly consumers = new Map<JobClass, Promise<Consumer>>();
  private readonly parked: Record<JobClass, Promise<JsMsg | null>[]> = { cpu: [], gpu: [] };
  private closed = false;
  private failure: Error | null = null;

  constructor(private readonly js: JetStreamClient) {}

  /** The next message of a class; null once the signal aborts. */
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

  /** Ends every claim with an error: the connection has broken off for good. */
  fail(error: Error): void {
    this.closed = true;
    this.failure = error;
  }

  /** A request that nobody waits for; what it brings before somebody does is for others. */
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

  /** One request; null when it brought nothing. A broker that is away for a while is no error: it will be back. */
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
