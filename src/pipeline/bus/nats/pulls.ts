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
  private readonly idle: Record<JobClass, Promise<JsMsg | null>[]> = { cpu: [], gpu: [] };
  private closed = false;

  constructor(private readonly js: JetStreamClient) {}

  /** The next message of a class; null once the signal aborts. */
  async next(jobClass: JobClass, signal: AbortSignal): Promise<JsMsg | null> {
    const stopped = new Promise<'stopped'>((resolve) => {
      if (signal.aborted) resolve('stopped');
      else signal.addEventListener('abort', () => resolve('stopped'), { once: true });
    });
    while (!signal.aborted && !this.closed) {
      const pull = this.idle[jobClass].shift() ?? this.pull(jobClass);
      const message = await Promise.race([pull, stopped]);
      if (message === 'stopped') {
        this.idle[jobClass].push(pull);
        return null;
      }
      if (message) return message;
    }
    return null;
  }

  /** What still arrives until the connection is drained is for others. */
  close(): void {
    this.closed = true;
    for (const pull of [...this.idle.cpu, ...this.idle.gpu]) void pull.then((message) => message?.nak());
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
