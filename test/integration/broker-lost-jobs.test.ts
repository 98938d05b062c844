import { setTimeout as sleep } from 'node:timers/promises';
import { firstValueFrom, filter, take, toArray } from 'rxjs';
import { connect, type JetStreamManager, type NatsConnection } from 'nats';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BrokerAddress } from '../../src/pipeline/bus/nats/address.js';
import { connectTo } from '../../src/pipeline/bus/nats/connect.js';
import { NatsBus } from '../../src/pipeline/bus/nats/nats-bus.js';
import { ensureTopology } from '../../src/pipeline/bus/nats/topology.js';
import type { Job } from '../../src/pipeline/bus/job.js';
import { doneEvent } from '../support/job-events.js';
import { testJob } from '../support/jobs.js';
import { jetstream, natsServer, startNats, type TestServer } from '../support/nats-server.js';

const lookMs = 100;
const signal = AbortSignal.timeout(60_000);

describe.skipIf(natsServer === null)('jobs that a broker has lost', () => {
  let server: TestServer;
  let admin: NatsConnection;
  let jsm: JetStreamManager;
  let [up, worker]: NatsBus[] = [];
  let news: string[];
  const busOf = async (role: 'orchestrator' | 'worker'): Promise<NatsBus> => {
    const address: BrokerAddress = {
      ...{ servers: [`127.0.0.1:${server.port}`], auth: { kind: 'none' }, tls: null, origin: 'test' },
    };
    const nc = await connectTo(address, { name: role, role });
    if (role === 'orchestrator') await ensureTopology(nc, 60_000);
    return NatsBus.on(nc, { role, leaseMs: 60_000, lookMs });
  };

  beforeAll(async () => {
    server = await startNats(jetstream);
    admin = await connect({ servers: `127.0.0.1:${server.port}` });
    jsm = await admin.jetstreamManager();
  });
  afterAll(async () => {
    await admin?.close();
    await server?.stop();
  });
  beforeEach(async () => {
    news = [];
    up = await busOf('orchestrator');
    worker = await busOf('worker');
    up.news.subscribe((text) => news.push(text));
  });
  afterEach(async () => {
    await up?.close();
    await worker?.close();
    for await (const { config } of jsm.streams.list()) await jsm.streams.delete(config.name);
  });
  const both = (): readonly [NatsBus, NatsBus] => [up as NatsBus, worker as NatsBus];
  /** Waits for the next job and commits it. */
  const endNext = async (job: Job): Promise<void> => {
    const lease = await both()[1].claim('gpu', 'w', signal);
    expect(lease?.job.artifact).toBe(job.artifact);
    expect(await lease?.commit(doneEvent('a'))).toBe('committed');
  };
  const waiting = async (): Promise<number> => (await jsm.streams.info('HAF_JOBS')).state.messages;

  it('are queued again when the queue was purged, once, and said', async () => {
    const [orchestrator] = both();
    const job = testJob('a');
    await orchestrator.enqueue(job);
    await jsm.streams.purge('HAF_JOBS');
    await vi.waitUntil(async () => (await waiting()) === 1, { timeout: 20_000 });
    await sleep(8 * lookMs);
    expect(await waiting()).toBe(1);
    expect(news).toEqual([expect.stringMatching(/lost .*1 job .*HAF_JOBS.*queued again/)]);
    await endNext(job);
  });

  it('are queued again when streams, queues or work items were deleted', async () => {
    const [orchestrator] = both();
    const job = testJob('a');
    await orchestrator.enqueue(job);
    await jsm.streams.delete('HAF_JOBS');
    await jsm.streams.delete('KV_haf_units');
    await vi.waitUntil(async () => (await waiting().catch(() => 0)) === 1, { timeout: 20_000 });
    // `QueueGuard` may check the broker between the deletions of the two streams. Then `news` has further messages, so
    // the test searches all of them.
    expect(news.join()).toMatch(/HAF_JOBS.*made again/);
    await endNext(job);
  });

  it('are not those that somebody works on, however long, nor those of others', async () => {
    const [orchestrator, hands] = both();
    const job = testJob('a');
    await orchestrator.enqueue(job);
    const membership = await hands.join({
      ...{ v: 1, id: 'w', role: 'worker', host: 'h', pid: 1, codeVersion: '1.0.0', node: 'v20' },
      ...{ backend: 'wasm', classes: ['gpu'], slots: { cpu: 0, gpu: 1 }, run: null, state: 'working' },
      ...{ jobs: [], since: '2026-01-01T00:00:00.000Z' },
    });
    const lease = await hands.claim('gpu', 'w', signal);
    await membership.update({ jobs: [job.key] });
    await sleep(10 * lookMs);
    expect([news, await waiting()]).toEqual([[], 1]);
    // The message of a job is purged while a worker computes the job. The job ends normally.
    await jsm.streams.purge('HAF_JOBS');
    await sleep(10 * lookMs);
    expect([news, await waiting()]).toEqual([[], 0]);
    const done = firstValueFrom(orchestrator.events(job.run).pipe(filter(({ type }) => type === 'job-done')));
    expect(await lease?.commit(doneEvent('a'))).toBe('committed');
    await done;
    await sleep(4 * lookMs);
    expect([news, await waiting()]).toEqual([[], 0]);
  });

  it('are told again when the event of their end was lost', async () => {
    const [orchestrator] = both();
    const job = testJob('a');
    await orchestrator.enqueue(job);
    await endNext(job);
    await jsm.streams.purge('HAF_EVENTS');
    const events = firstValueFrom(orchestrator.events(job.run).pipe(take(1), toArray()));
    expect(await events).toMatchObject([{ type: 'job-done' }]);
  });

  it('end the run with the reason when the event log itself was deleted', async () => {
    const [orchestrator] = both();
    await orchestrator.enqueue(testJob('a'));
    await orchestrator.publish('run-1', { type: 'cancel-requested', run: 'run-1', by: 'test' });
    const broken = new Promise((_resolve, reject) => {
      orchestrator.events('run-1').subscribe({ error: reject });
    });
    broken.catch(() => undefined);
    await sleep(2 * lookMs);
    await jsm.streams.delete('HAF_EVENTS');
    await expect(broken).rejects.toMatchObject({ code: 'HAF_BROKER_UNFIT' });
    await expect(broken).rejects.toThrow(/HAF_EVENTS was deleted/);
  });

  it('of another store are left to others, whatever a work item says', async () => {
    const [orchestrator, hands] = both();
    await orchestrator.enqueue(testJob('foreign', { store: '/elsewhere' }));
    const own = testJob('own', { store: '/own' });
    await orchestrator.enqueue(own);
    const serves = ({ store }: Job): boolean => store === '/own';
    const lease = await hands.claim('gpu', 'w', signal, serves);
    expect(lease?.job.store).toBe('/own');
    await lease?.release();
    // An attacking worker changes the store in the broker's record of a queued job.
    const kv = await admin.jetstream().views.kv('haf_units');
    for await (const key of await kv.keys()) {
      const text = (await kv.get(key))?.string() ?? '';
      await kv.put(key, text.replaceAll('"/own"', '"/elsewhere"'));
    }
    expect((await hands.claim('gpu', 'w', signal, serves))?.job.store).toBe('/own');
  });
});
