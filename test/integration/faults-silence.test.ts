import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FaultBench, isEpoch, leaseSeconds, workerOf } from '../support/fault-bench.js';
import { eventsOf, expectUndisturbed, typed, undisturbed } from '../support/fault-runs.js';
import { LastingNats } from '../support/lasting-nats.js';
import { natsServer } from '../support/nats-server.js';
import { layCable } from '../support/netns.js';
import { skewedClock } from '../support/skewed-clock.js';
import { runFolder } from '../support/small-cohort.js';

/** The log message of a worker whose job was given to another worker. */
const tooLate = /job taken away/;

describe.skipIf(natsServer === null)('a worker that falls silent', () => {
  let bench: FaultBench;
  let putBack = (): void => undefined;
  beforeAll(async () => void (await undisturbed()), 240_000);
  afterEach(async () => {
    await bench.end();
    putBack();
  });

  it('because it was stopped for longer than the lease changes nothing when it wakes', async () => {
    bench = await FaultBench.withServer();
    const up = bench.up();
    const workers = [bench.worker(), bench.worker()];
    for (const worker of workers) await worker.says('worker ready');
    const epoch = await up.event(isEpoch('stage1', 3));
    const frozen = workerOf(epoch, up, workers);
    frozen.kill('SIGSTOP');
    await up.event(
      (event) =>
        event.type === 'job-started' && event.seq > epoch.seq && event.job === ('job' in epoch && epoch.job),
    );
    // The training process of the stopped worker continued. So the worker has a result when it is resumed.
    await sleep(leaseSeconds * 1000);
    frozen.kill('SIGCONT');
    await frozen.says(tooLate);
    expect((await up.ended).code).toBe(0);
    await expectUndisturbed(bench.folder);
  }, 240_000);

  it('because its network is cut for 12 seconds loses its job and lives on', async ({ skip }) => {
    const cable = layCable();
    if (!cable) return skip('no network namespaces here');
    putBack = () => cable.remove();
    bench = await FaultBench.withServer({}, { nats: await LastingNats.start(cable.host) });
    const up = bench.up(['--insecure']);
    const remote = bench.worker(['--insecure'], { within: cable.within });
    await up.event(isEpoch('stage1', 3));
    const local = bench.worker(['--insecure']);
    cable.pull();
    await sleep(12_000);
    cable.plug();
    await remote.says(tooLate);
    expect((await up.ended).code).toBe(0);
    await expectUndisturbed(bench.folder);
    for (const worker of [remote, local]) worker.kill('SIGTERM');
    expect((await remote.ended).code).toBe(0);
    const started = typed(eventsOf(bench.folder), 'job-started');
    expect(started.some(({ worker }) => worker.includes(`-${local.pid}-`))).toBe(true);
  }, 240_000);

  it('in no clock but its own: one that is 10 minutes ahead does no harm', async ({ skip }) => {
    const env = skewedClock(10);
    if (!env) return skip('no faketime here');
    bench = await FaultBench.withServer();
    const up = bench.up();
    const skewed = bench.worker([], { env });
    expect((await up.ended).code).toBe(0);
    // The log of the worker shows that its clock was ahead.
    const said = /"time":"([^"]+)"/.exec(skewed.said)?.[1] ?? '';
    expect(Date.parse(said) - Date.now()).toBeGreaterThan(5 * 60_000);
    await expectUndisturbed(bench.folder);
    const trace = parse<Record<string, string>>(readFileSync(join(runFolder(bench.folder), 'trace.csv')), {
      columns: true,
    });
    for (const { job, wait, queued, started, ended } of trace) {
      expect(Number(wait), job).toBeGreaterThanOrEqual(0);
      expect([queued, started, ended], job).toEqual([queued, started, ended].sort());
    }
  }, 240_000);
});
