import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FaultBench, isEpoch, leaseSeconds, workerOf } from '../support/fault-bench.js';
import { eventsOf, expectUndisturbed, typed, undisturbed } from '../support/fault-runs.js';
import { natsServer } from '../support/nats-server.js';

describe.skipIf(natsServer === null)('kill -9', () => {
  let bench: FaultBench;
  beforeAll(async () => void (await undisturbed()), 240_000);
  afterEach(() => bench.end());

  it('of a worker: another one goes on within the lease time', async () => {
    bench = await FaultBench.withServer();
    const up = bench.up();
    const workers = [bench.worker(), bench.worker()];
    for (const worker of workers) await worker.says('worker ready');
    const epoch = await up.event(isEpoch('stage1', 3));
    const victim = workerOf(epoch, up, workers);
    const killed = Date.now();
    victim.kill('SIGKILL');
    const taken = await up.event(
      (event) =>
        event.type === 'job-started' &&
        event.job === ('job' in epoch && epoch.job) &&
        !event.worker.includes(`-${victim.pid}-`),
    );
    const seconds = (Date.parse(taken.at) - killed) / 1000;
    console.log(
      `kill -9 of a worker: its job started elsewhere after ${seconds.toFixed(1)} s (lease ${leaseSeconds} s)`,
    );
    expect(seconds).toBeLessThan(leaseSeconds + 10);
    expect((await up.ended).code).toBe(0);
    await expectUndisturbed(bench.folder);
  }, 240_000);

  it('of a trainer: the job is tried again', async () => {
    bench = await FaultBench.withServer();
    const up = bench.up();
    const worker = bench.worker();
    await up.event(isEpoch('stage1', 3));
    for (const trainer of worker.trainers()) process.kill(trainer, 'SIGKILL');
    expect((await up.ended).code).toBe(0);
    expect(typed(eventsOf(bench.folder), 'job-retried').length).toBeGreaterThan(0);
    await expectUndisturbed(bench.folder);
  }, 240_000);

  it('of up: workers go on, and a second up adopts the broker and finishes', async () => {
    bench = await FaultBench.withOwnBroker();
    const first = bench.up();
    await first.says('started for this store');
    const worker = bench.worker();
    await first.event(isEpoch('stage1', 3));
    first.kill('SIGKILL');
    await first.ended;
    await worker.says(/"job":"stage1.*"job done"/);
    const second = bench.up();
    await second.says('already running for this store');
    expect((await second.ended).code).toBe(0);
    await expectUndisturbed(bench.folder);
  }, 240_000);

  it('of nats-server: after three seconds without it everybody goes on', async () => {
    bench = await FaultBench.withServer();
    const up = bench.up();
    bench.worker();
    await up.event(isEpoch('stage1', 3));
    await bench.nats?.kill();
    await sleep(3000);
    await bench.nats?.start();
    expect((await up.ended).code).toBe(0);
    await expectUndisturbed(bench.folder);
  }, 240_000);
});
