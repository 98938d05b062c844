import { firstValueFrom, lastValueFrom, take, toArray } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Bus, Lease } from '../../src/pipeline/bus/bus.js';
import { testJob } from '../support/jobs.js';

export interface BusSettings {
  readonly leaseMs: number;
  readonly maxAttempts: number;
}

/** Long enough for a busy test machine, short enough to wait for. */
const leaseMs = 400;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What every adapter of the bus must do; each adapter's test file runs it. */
export function busContract(adapter: string, make: (settings: BusSettings) => Promise<Bus>): void {
  describe(`bus contract: ${adapter}`, () => {
    const open: Bus[] = [];
    const newBus = async (): Promise<Bus> => {
      const bus = await make({ leaseMs, maxAttempts: 3 });
      open.push(bus);
      return bus;
    };
    afterEach(async () => {
      await Promise.all(open.splice(0).map((bus) => bus.close()));
    });
    const claim = async (bus: Bus, worker = 'w', jobClass: 'cpu' | 'gpu' = 'gpu'): Promise<Lease> => {
      const lease = await bus.claim(jobClass, worker, AbortSignal.timeout(5000));
      if (!lease) throw new Error('nothing to claim');
      return lease;
    };
    const nothing = (bus: Bus): Promise<Lease | null> => bus.claim('gpu', 'w', AbortSignal.timeout(150));

    it('hands jobs out oldest first, each to one worker', async () => {
      const bus = await newBus();
      for (const name of ['a', 'b', 'c']) await bus.enqueue(testJob(name));
      const leases = [await claim(bus, 'w1'), await claim(bus, 'w2'), await claim(bus, 'w1')];
      expect(leases.map(({ job }) => job.key)).toEqual(['a', 'b', 'c']);
      expect(await nothing(bus)).toBeNull();
    });

    it('wakes a worker that waits when a job of its class arrives', async () => {
      const bus = await newBus();
      const waiting = claim(bus);
      await bus.enqueue(testJob('other class', { class: 'cpu' }));
      await bus.enqueue(testJob('a'));
      expect((await waiting).job.key).toBe('a');
      expect((await claim(bus, 'w', 'cpu')).job.key).toBe('other class');
    });

    it('ends a claim with null when its signal aborts, without losing the next job', async () => {
      const bus = await newBus();
      const aborted = new AbortController();
      const waiting = bus.claim('gpu', 'w', aborted.signal);
      aborted.abort();
      expect(await waiting).toBeNull();
      await bus.enqueue(testJob('a'));
      expect((await claim(bus)).job.key).toBe('a');
    });

    it('queues an artifact once while it is queued, running or done', async () => {
      const bus = await newBus();
      await bus.enqueue(testJob('a'));
      await bus.enqueue(testJob('a'));
      const lease = await claim(bus);
      await bus.enqueue(testJob('a'));
      expect(await lease.commit()).toBe('committed');
      await bus.enqueue(testJob('a'));
      expect(await nothing(bus)).toBeNull();
    });

    it('queues a done artifact again when the job replaces it', async () => {
      const bus = await newBus();
      await bus.enqueue(testJob('a'));
      await (await claim(bus)).commit();
      await bus.enqueue(testJob('a', { replace: true }));
      expect((await claim(bus)).job.replace).toBe(true);
    });

    it('queues a replacing job once while it is queued or running', async () => {
      const bus = await newBus();
      const job = testJob('a', { replace: true });
      await bus.enqueue(job);
      await bus.enqueue(job);
      const lease = await claim(bus);
      await bus.enqueue(job);
      expect(await lease.commit()).toBe('committed');
      expect(await nothing(bus)).toBeNull();
    });

    it('settles a lease once', async () => {
      const bus = await newBus();
      await bus.enqueue(testJob('a'));
      const lease = await claim(bus);
      expect(await lease.commit()).toBe('committed');
      expect(await lease.commit()).toBe('fenced');
      await lease.release();
      expect(await lease.fail(true)).toBe('fenced');
      expect(await nothing(bus)).toBeNull();
    });

    it('gives a silent worker’s job to another and fences its late commit', async () => {
      const bus = await newBus();
      await bus.enqueue(testJob('a'));
      const silent = await claim(bus, 'silent');
      const heir = await claim(bus, 'heir');
      expect(heir.job.key).toBe('a');
      // Silence is not the job's failure.
      expect(heir.attempt).toBe(1);
      await silent.release();
      expect(await nothing(bus)).toBeNull();
      expect(await silent.commit()).toBe('fenced');
      expect(await heir.commit()).toBe('committed');
      expect(await silent.fail(true)).toBe('fenced');
      expect(await nothing(bus)).toBeNull();
    });

    it('lets only the holder’s heartbeats keep a job', async () => {
      const bus = await newBus();
      await bus.enqueue(testJob('a'));
      const silent = await claim(bus, 'silent');
      await claim(bus, 'heir, silent too');
      const beats = setInterval(() => void silent.heartbeat(), leaseMs / 4);
      const third = await bus.claim('gpu', 'third', AbortSignal.timeout(4 * leaseMs));
      clearInterval(beats);
      expect(third?.job.key).toBe('a');
    });

    it('keeps a job with a worker that heartbeats', async () => {
      const bus = await newBus();
      await bus.enqueue(testJob('a'));
      const lease = await claim(bus);
      const beats = setInterval(() => void lease.heartbeat(), leaseMs / 4);
      await sleep(2.5 * leaseMs);
      clearInterval(beats);
      expect(await lease.commit()).toBe('committed');
    });

    it('retries a failure that may pass until the last attempt', async () => {
      const bus = await newBus();
      await bus.enqueue(testJob('a'));
      const verdicts = [];
      for (const attempt of [1, 2, 3]) {
        const lease = await claim(bus);
        expect(lease.attempt).toBe(attempt);
        verdicts.push(await lease.fail(true));
      }
      expect(verdicts).toEqual(['retried', 'retried', 'given-up']);
      expect(await nothing(bus)).toBeNull();
    });

    it('puts a job that is tried again behind those that wait', async () => {
      const bus = await newBus();
      for (const name of ['a', 'b']) await bus.enqueue(testJob(name));
      expect(await (await claim(bus)).fail(true)).toBe('retried');
      expect([(await claim(bus)).job.key, (await claim(bus)).job.key]).toEqual(['b', 'a']);
    });

    it('lets nobody claim a job again before the retry is announced', async () => {
      const bus = await newBus();
      await bus.enqueue(testJob('a'));
      const lease = await claim(bus);
      const order: string[] = [];
      const next = claim(bus, 'idle').then((again) => {
        order.push('claimed');
        return again;
      });
      const announce = async (): Promise<void> => {
        // Neither a second copy nor a second verdict while it is between two workers.
        await bus.enqueue(testJob('a'));
        expect(await lease.fail(true)).toBe('fenced');
        await sleep(50);
        order.push('announced');
      };
      expect(await lease.fail(true, announce)).toBe('retried');
      expect((await next).attempt).toBe(2);
      expect(order).toEqual(['announced', 'claimed']);
      expect(await nothing(bus)).toBeNull();
    });

    it('gives a job up at once when trying again cannot help, and takes it anew when asked', async () => {
      const bus = await newBus();
      await bus.enqueue(testJob('a'));
      expect(await (await claim(bus)).fail(false)).toBe('given-up');
      expect(await nothing(bus)).toBeNull();
      await bus.enqueue(testJob('a'));
      expect((await claim(bus)).attempt).toBe(1);
    });

    it('takes a released job back without counting a failure', async () => {
      const bus = await newBus();
      await bus.enqueue(testJob('a'));
      await (await claim(bus)).release();
      expect((await claim(bus)).attempt).toBe(1);
    });

    it('withdraws the queued jobs of one run only', async () => {
      const bus = await newBus();
      await bus.enqueue(testJob('mine'));
      await bus.enqueue(testJob('theirs', { run: 'run-2' }));
      expect(await bus.withdraw('run-1')).toEqual([testJob('mine').artifact]);
      expect((await claim(bus)).job.key).toBe('theirs');
      expect(await nothing(bus)).toBeNull();
      await bus.enqueue(testJob('mine'));
      expect((await claim(bus)).job.key).toBe('mine');
    });

    it('leaves claimed jobs with their workers when it withdraws a run', async () => {
      const bus = await newBus();
      await bus.enqueue(testJob('a'));
      const lease = await claim(bus);
      expect(await bus.withdraw('run-1')).toEqual([]);
      expect(await lease.commit()).toBe('committed');
    });

    it('replays the events of a run in order to a late reader, numbered without gaps', async () => {
      const bus = await newBus();
      const skipped = (job: string) =>
        ({ type: 'job-skipped', job, stage: 'stage3', unit: {}, artifact: 'x', because: 'y' }) as const;
      await bus.publish('run-1', skipped('a'));
      await bus.publish('run-2', skipped('elsewhere'));
      await bus.publish('run-1', skipped('b'));
      const reader = firstValueFrom(bus.events('run-1').pipe(take(3), toArray()));
      await bus.publish('run-1', skipped('c'));
      const events = await reader;
      expect(events.map((event) => ('job' in event ? event.job : ''))).toEqual(['a', 'b', 'c']);
      expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    });

    it('ends the event logs when it closes', async () => {
      const bus = await newBus();
      const all = lastValueFrom(bus.events('run-1').pipe(toArray()));
      await bus.close();
      expect(await all).toEqual([]);
    });
  });
}
