import { appendFileSync, cpSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FaultBench, isEpoch } from '../support/fault-bench.js';
import { eventsOf, expectUndisturbed, typed, undisturbed } from '../support/fault-runs.js';
import { natsServer } from '../support/nats-server.js';
import { otherVersion } from '../support/other-version.js';
import { ownMount } from '../support/own-mount.js';

describe.skipIf(natsServer === null)('a worker', () => {
  let bench: FaultBench;
  beforeAll(async () => void (await undisturbed()), 240_000);
  afterEach(() => bench.end());

  it('that is told to leave hands its job back, and another one goes on from its last epoch', async () => {
    bench = await FaultBench.withServer();
    const up = bench.up();
    const leaving = bench.worker(['--grace', '0', '--checkpoint-epochs', '1000', '--slots', '1']);
    const epoch = await up.event(isEpoch('stage1', 3));
    const job = 'job' in epoch ? epoch.job : '';
    const asked = Date.now();
    leaving.kill('SIGTERM');
    const left = await leaving.ended;
    console.log(
      `SIGTERM of a worker in training, --grace 0: gone after ${((Date.now() - asked) / 1000).toFixed(1)} s`,
    );
    expect(left.code).toBe(0);
    expect(left.stderr).toContain('job handed back');
    bench.worker();
    expect((await up.ended).code).toBe(0);
    const events = eventsOf(bench.folder);
    const begun = typed(events, 'job-started').filter((event) => event.job === job);
    const resumed = typed(events, 'job-epoch').find(
      (event) => event.job === job && event.seq > (begun[1]?.seq ?? Infinity),
    );
    expect(begun.map(({ attempt }) => attempt)).toEqual([1, 1]);
    expect(resumed?.epoch).toBeGreaterThan(3);
    await expectUndisturbed(bench.folder);
  }, 240_000);

  it('of another version stays away; with --any-version it joins, if the major is the same', async () => {
    bench = await FaultBench.withServer();
    const up = bench.up();
    await up.event(({ type }) => type === 'job-queued');
    const minor = otherVersion('0.999.0');
    const refused = await bench.worker([], { entry: minor }).ended;
    expect(refused.code).toBe(69);
    expect(refused.stderr).toContain('HAF_WORKER_UNFIT');
    expect(refused.stderr).toContain('--any-version');
    const major = await bench.worker(['--any-version'], { entry: otherVersion('999.0.0') }).ended;
    expect(major.code).toBe(69);
    const joined = bench.worker(['--any-version'], { entry: minor });
    expect((await up.ended).code).toBe(0);
    expect(joined.said).toContain('"job done"');
    await expectUndisturbed(bench.folder);
  }, 240_000);

  it('with other data refuses what reads the data, and does the rest', async () => {
    bench = await FaultBench.withServer();
    const other = join(bench.folder, 'other');
    cpSync(join(bench.folder, 'data'), other, { recursive: true });
    for (const name of readdirSync(other, { recursive: true, encoding: 'utf8' }))
      if (statSync(join(other, name)).isFile()) appendFileSync(join(other, name), '\n');
    await bench.prepare();
    const worker = bench.worker(['--class', 'cpu,gpu', '--data', other]);
    await worker.says('worker ready');
    const up = bench.up();
    expect((await up.ended).code).toBe(0);
    const returned = typed(eventsOf(bench.folder), 'job-returned');
    expect(returned.length).toBeGreaterThan(0);
    for (const { reason } of returned) expect(reason).toContain('does not have the content');
    expect(worker.said).toContain('HAF_DATA_CHANGED');
    await expectUndisturbed(bench.folder);
  }, 240_000);

  it('without the data refuses what reads the data, and does the rest', async ({ skip }) => {
    bench = await FaultBench.withServer();
    const within = ownMount(join(bench.folder, 'data'), 'empty');
    if (!within) return skip('nothing can be mounted here');
    await bench.prepare();
    const worker = bench.worker(['--class', 'cpu,gpu'], { within });
    await worker.says('worker ready');
    const up = bench.up();
    expect((await up.ended).code).toBe(0);
    const returned = typed(eventsOf(bench.folder), 'job-returned');
    expect(returned.length).toBeGreaterThan(0);
    for (const { reason } of returned) expect(reason).toContain('cannot be read on this machine');
    expect(worker.said).toContain('HAF_DATA_MISSING');
    await expectUndisturbed(bench.folder);
  }, 240_000);
});
