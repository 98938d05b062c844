import { firstValueFrom, takeWhile, timeout, toArray, type Observable } from 'rxjs';
import { afterEach } from 'vitest';
import type { Bus, Lease } from '../../src/pipeline/bus/bus.js';
import type { RunEvent, RunEventBody } from '../../src/pipeline/run-event.js';
import type { JobClass } from '../../src/pipeline/stage.js';
import { doneEvent, failedEvent, retriedEvent, returnedEvent, skippedEvent } from '../support/job-events.js';

export interface BusSettings {
  readonly leaseMs: number;
  readonly maxAttempts: number;
  readonly maxLapses: number;
}

/** An empty broker. The in-process adapter returns the same bus for every connection. */
export interface TestBroker {
  connect(): Promise<Bus>;
  end(): Promise<void>;
}

/** The properties of an adapter that the tests of the contract need. */
export interface TestedAdapter {
  /** Lease time. It must be long enough for a round trip on a busy machine, and short enough for a test to wait. */
  readonly leaseMs: number;
  fresh(settings: BusSettings): Promise<TestBroker>;
}

/** Timeout in ms of a wait in a case. It is longer than every case needs: only a case that fails waits for so long. */
const timeoutMs = 15_000;

/** Brings up brokers and connections for the cases and clears them away after each. */
export interface Bench {
  /**
   * Two connections to a new broker: those of an orchestrator and a worker, or of two workers. When a call on one
   * connection has resolved, the other connection sees the change that this call made.
   */
  two(settings?: Partial<BusSettings>): Promise<readonly [Bus, Bus]>;
  /** Sends heartbeats until the case ends, as a worker does. Returns a function that stops the heartbeats. */
  keep(lease: Lease): () => void;
}

export function benchFor(adapter: TestedAdapter): Bench {
  const endings: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end();
  });
  return {
    two: async (settings = {}) => {
      const all = { leaseMs: adapter.leaseMs, maxAttempts: 3, maxLapses: 10, ...settings };
      const broker = await adapter.fresh(all);
      endings.push(() => broker.end());
      const [first, second] = [await broker.connect(), await broker.connect()];
      endings.push(() => Promise.all([...new Set([first, second])].map((bus) => bus.close())));
      return [first, second];
    },
    keep: (lease) => {
      // A heartbeat that is under way when the bus is closed fails. Workers ignore such a failure, too (perform.ts).
      const beat = (): void => void lease.heartbeat().catch(() => undefined);
      const beats = setInterval(beat, adapter.leaseMs / 4);
      endings.push(() => clearInterval(beats));
      return () => clearInterval(beats);
    },
  };
}

/** A lease on the next job. */
export async function claim(bus: Bus, worker = 'w', jobClass: JobClass = 'gpu'): Promise<Lease> {
  const lease = await bus.claim(jobClass, worker, AbortSignal.timeout(timeoutMs));
  if (!lease) throw new Error('nothing to claim');
  return lease;
}

/** The lease that a worker gets within half a lease time. Null if there is no job for it. */
export const glance = (bus: Bus, worker = 'w', jobClass: JobClass = 'gpu'): Promise<Lease | null> =>
  bus.claim(jobClass, worker, AbortSignal.timeout(bus.leaseMs / 2));

/** Claims the next job, commits it, and returns its key. If the commit is refused, returns the verdict. */
export async function finishNext(bus: Bus, worker = 'w'): Promise<string> {
  const lease = await claim(bus, worker);
  const verdict = await lease.commit(doneEvent(lease.job.key, worker));
  return verdict === 'committed' ? lease.job.key : verdict;
}

/** All events of a run so far. An event is included if some connection has awaited its `publish`. */
export async function told(bus: Bus, run = 'run-1'): Promise<readonly RunEvent[]> {
  const last = await bus.publish(run, skippedEvent('the end so far'));
  return until(bus.events(run).pipe(takeWhile(({ id }) => id !== last)));
}

/** The types of the events that `told` returns, without `job-skipped`. */
export const typesTold = async (bus: Bus, run = 'run-1'): Promise<readonly string[]> =>
  (await told(bus, run)).flatMap(({ type }) => (type === 'job-skipped' ? [] : [type]));

/** All values of a stream that ends within the timeout. */
export const until = <T>(stream: Observable<T>): Promise<T[]> =>
  firstValueFrom(stream.pipe(toArray(), timeout(timeoutMs)));

/**
 * `failing` and `declining` make the callback of `Lease.fail` and `Lease.decline`. The callback returns the event to
 * publish for a verdict.
 */
export const failing =
  (name: string) =>
  (verdict: 'retried' | 'given-up'): RunEventBody =>
    verdict === 'retried' ? retriedEvent(name) : failedEvent(name);
export const declining =
  (name: string, worker: string) =>
  (verdict: 'returned' | 'given-up'): RunEventBody =>
    verdict === 'returned' ? returnedEvent(name, worker) : failedEvent(name);

/** Whether the signal `lost` of a lease is aborted within half a lease time, although no heartbeat is sent. */
export async function isLostSoon({ lost }: Lease, bus: Bus): Promise<boolean> {
  const waited = AbortSignal.timeout(bus.leaseMs / 2);
  const either = AbortSignal.any([lost, waited]);
  if (!either.aborted) await new Promise((resolve) => either.addEventListener('abort', resolve));
  return lost.aborted;
}
