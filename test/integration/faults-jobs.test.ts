import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type NatsConnection } from 'nats';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/pipeline/run-event.js';
import { FaultBench, isEpoch } from '../support/fault-bench.js';
import {
  eventsOf,
  expectNoneTwice,
  expectUndisturbed,
  outcomeOf,
  typed,
  undisturbed,
} from '../support/fault-runs.js';
import { natsServer } from '../support/nats-server.js';
import { runFolder } from '../support/small-cohort.js';

const stateOf = (folder: string): unknown =>
  (JSON.parse(readFileSync(join(runFolder(folder), 'run.json'), 'utf8')) as { state: unknown }).state;

describe.skipIf(natsServer === null)('jobs and messages', () => {
  let bench: FaultBench;
  let nc: NatsConnection | null = null;
  beforeAll(async () => void (await undisturbed()), 240_000);
  afterEach(async () => {
    await nc?.close();
    nc = null;
    await bench.end();
  });

  it('a job that kills its trainer three times is set aside, and the run goes on around it', async () => {
    const poison = 'stage1/fold-0/WSI';
    bench = await FaultBench.withServer();
    const up = bench.up();
    const worker = bench.worker(['--slots', '1']);
    const isBegun = (attempt: number) => (event: RunEvent) =>
      event.type === 'job-started' && event.job === poison && event.attempt === attempt;
    for (const attempt of [1, 2, 3]) {
      const { seq } = await up.event(isBegun(attempt));
      await up.event((event) => event.type === 'job-epoch' && event.job === poison && event.seq > seq);
      for (const trainer of worker.trainers()) process.kill(trainer, 'SIGKILL');
    }
    const { code, stderr } = await up.ended;
    expect(code).toBe(2);
    expect(stderr).toContain('HAF_JOB_QUARANTINED');
    expect(stderr).toContain(`${poison} failed 3 times and was set aside`);
    expect(stateOf(bench.folder)).toBe('finished-with-failures');
    const failures = await bench.start(['failures', 'latest', '--json']).ended;
    const { jobs } = JSON.parse(failures.stdout) as { jobs: { job: string; state: string; code: string }[] };
    expect(jobs.filter(({ state }) => state === 'failed')).toEqual([
      expect.objectContaining({ job: poison, code: 'HAF_JOB_QUARANTINED' }),
    ]);
    expect(jobs.filter(({ state }) => state === 'skipped').map(({ job }) => job)).toEqual(
      expect.arrayContaining(['stage2/fold-0/svd', 'stage3/fold-0/haf', 'evaluate/fold-0/haf']),
    );
    for (const row of ['folds/0/blood', 'folds/1/blood', 'folds/1/haf'])
      expect(existsSync(join(runFolder(bench.folder), row, 'metrics.json')), row).toBe(true);
    // A second `up` computes the quarantined job again.
    expect((await bench.up().ended).code).toBe(0);
    await expectUndisturbed(bench.folder);
  }, 300_000);

  it('messages that are none end among the dead letters, and worker and run live on', async () => {
    bench = await FaultBench.withServer();
    const up = bench.up();
    const worker = bench.worker();
    await worker.says('worker ready');
    nc = await connect({ servers: bench.nats?.url ?? '' });
    const js = nc.jetstream();
    const bad = ['not JSON', '{"v":2,"ticket":1,"job":{}}', '{"v":1,"ticket":1,"job":{"v":1}}', '[]'];
    for (const text of bad)
      await js.publish('haf.v1.job.gpu.stage1.run.0123456789abcdef', new TextEncoder().encode(text));
    const run = basename(runFolder(bench.folder));
    await js.publish(`haf.v1.ev.${run}.run.run-finished`, new TextEncoder().encode('{"v":1,"type":"none"}'));
    expect((await up.ended).code).toBe(0);
    await expectUndisturbed(bench.folder);
    const letters: { reason: string; data: string }[] = [];
    const jsm = await nc.jetstreamManager();
    const { state } = await jsm.streams.info('HAF_DLQ', { subjects_filter: '>' });
    for (let seq = state.first_seq; seq <= state.last_seq; seq++)
      letters.push((await jsm.streams.getMessage('HAF_DLQ', { seq })).json());
    expect(letters.map(({ data }) => data)).toEqual(expect.arrayContaining(bad));
    expect(letters.map(({ reason }) => reason)).toContain('message version 2, this worker knows 1');
    expect(state.subjects).toMatchObject({ 'haf.v1.dlq.job': bad.length });
    worker.kill('SIGTERM');
    expect((await worker.ended).code).toBe(0);
  }, 240_000);

  it('cancel ends a run from another process; workers drop its jobs, and the next up finishes', async () => {
    bench = await FaultBench.withServer();
    const up = bench.up();
    const worker = bench.worker();
    await up.event(isEpoch('stage1', 3));
    const run = basename(runFolder(bench.folder));
    const broker = ['--nats', bench.nats?.url ?? ''];
    // The trainers are paused until `cancel` has ended. Otherwise a job could end before `cancel` starts, and there
    // would be nothing to cancel.
    const trainers = worker.trainers();
    for (const trainer of trainers) process.kill(trainer, 'SIGSTOP');
    expect((await bench.start(['cancel', run, ...broker]).ended).code).toBe(0);
    for (const trainer of trainers) process.kill(trainer, 'SIGCONT');
    await worker.says('job taken away');
    expect((await up.ended).code).toBe(130);
    expect(stateOf(bench.folder)).toBe('cancelled');
    const { stdout } = await bench.start(['workers', '--json', ...broker]).ended;
    expect(stdout).not.toContain('stage1/');
    expect(typed(eventsOf(bench.folder), 'job-done').some(({ stage }) => stage === 'stage1')).toBe(false);
    expect((await bench.up().ended).code).toBe(0);
    // The result of a job may be stored at the moment of the cancellation. The second `up` then reports this job as
    // cached and not as done. So the test cannot require `job-done` of every job, as `expectOnce` would.
    expectNoneTwice(bench.folder);
    expect(outcomeOf(bench.folder)).toEqual(await undisturbed());
  }, 240_000);

  it('watch tells every event once, whenever it comes and although nats-server is started anew', async () => {
    bench = await FaultBench.withServer();
    const up = bench.up();
    bench.worker();
    await up.event(isEpoch('stage1'));
    const watch = (): ReturnType<FaultBench['start']> =>
      bench.start(['watch', '--json', '--from', 'start', '--nats', bench.nats?.url ?? '']);
    const early = watch();
    await early.event(isEpoch('stage1'));
    await bench.nats?.kill();
    await sleep(1000);
    await bench.nats?.start();
    const late = watch();
    expect((await up.ended).code).toBe(0);
    const ids = eventsOf(bench.folder).map(({ id }) => id);
    for (const watching of [early, late]) {
      expect((await watching.ended).code).toBe(0);
      expect(watching.events().map(({ id }) => id)).toEqual(ids);
    }
  }, 240_000);
});
