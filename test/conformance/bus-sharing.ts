import { expect, it } from 'vitest';
import { doneEvent, epochEvent, startedEvent } from '../support/job-events.js';
import { testJob } from '../support/jobs.js';
import { claim, failing, finishNext, glance, isLostSoon, told, typesTold, type Bench } from './bus-bench.js';

const [mine, theirs] = [testJob('a'), testJob('a', { run: 'run-2' })];

/**
 * Equal jobs of two runs have one artifact, so one job is computed for both. The job is cancelled only if no run wants
 * it any more.
 */
export function sharingCases(bench: Bench): void {
  it('is queued once, and every run that waits for it is told', async () => {
    const [one, other] = await bench.two();
    await one.enqueue(mine);
    await other.enqueue(theirs);
    const lease = await claim(other);
    await lease.publish(startedEvent('a'));
    // A run that queues the job while it is running gets the remaining events, at the latest from the next heartbeat
    // on.
    await one.enqueue(testJob('a', { run: 'run-3' }));
    await lease.heartbeat();
    await lease.publish(epochEvent('a', 1));
    expect(await lease.commit(doneEvent('a'))).toBe('committed');
    expect(await lease.commit(doneEvent('a'))).toBe('fenced');
    expect(await glance(one)).toBeNull();
    const all = [startedEvent('a'), epochEvent('a', 1), doneEvent('a')];
    expect(await told(other, 'run-1')).toMatchObject(all);
    expect(await told(one, 'run-2')).toMatchObject(all);
    expect(await told(one, 'run-3')).toMatchObject(all.slice(1));
    expect(await told(one, 'run-4')).toEqual([]);
  });

  it('is made for each store that wants it', async () => {
    const [one, other] = await bench.two();
    await one.enqueue(mine);
    // The run has the same name in both stores, because two people may start the same experiment on different stores.
    await other.enqueue(testJob('a', { store: '/elsewhere' }));
    const leases = [await claim(one), await claim(other)];
    expect(leases.map(({ job }) => job.store).sort()).toEqual(['/elsewhere', '/nowhere']);
    for (const lease of leases) expect(await lease.commit(doneEvent('a'))).toBe('committed');
    expect(await glance(one)).toBeNull();
  });

  it('is queued once when two ask for it at the same time', async () => {
    const [one, other] = await bench.two();
    for (let round = 0; round < 10; round++) {
      const name = `round-${round}`;
      await Promise.all([
        one.enqueue(testJob(name)),
        other.enqueue(testJob(name, { run: 'run-2' })),
        one.enqueue(testJob(name, { run: 'run-3' })),
      ]);
      expect(await finishNext(other)).toBe(name);
    }
    expect(await glance(one)).toBeNull();
    for (const run of ['run-1', 'run-2', 'run-3']) expect(await typesTold(one, run)).toHaveLength(10);
  });

  it('reaches a run that asks for it just as it is settled: told, or queued again', async () => {
    const [one, other] = await bench.two();
    for (let round = 0; round < 10; round++) {
      const name = `round-${round}`;
      await one.enqueue(testJob(name));
      const lease = await claim(other);
      const ask = one.enqueue(testJob(name, { run: 'run-2' }));
      const settle = round % 2 === 0 ? lease.commit(doneEvent(name)) : lease.fail(false, failing(name));
      await Promise.all([ask, settle]);
      const ends = (await told(one, 'run-2')).filter((event) => 'job' in event && event.job === name);
      if (ends.length === 0) expect(await finishNext(other)).toBe(name);
    }
    expect(await glance(other)).toBeNull();
  });

  it('tells every run of retries and of the end of trying', async () => {
    const [one, other] = await bench.two();
    await one.enqueue(mine);
    await one.enqueue(theirs);
    for (let attempt = 1; attempt <= 3; attempt++) await (await claim(other)).fail(true, failing('a'));
    const types = ['job-retried', 'job-retried', 'job-failed'];
    expect(await typesTold(one, 'run-1')).toEqual(types);
    expect(await typesTold(one, 'run-2')).toEqual(types);
  });

  it('stays queued until the last of its runs is withdrawn', async () => {
    const [one, other] = await bench.two();
    await one.enqueue(mine);
    await other.enqueue(theirs);
    await one.enqueue(testJob('mine alone'));
    expect(await one.withdraw('run-1')).toEqual([testJob('mine alone').artifact]);
    expect(await finishNext(other)).toBe('a');
    expect(await glance(other)).toBeNull();
    expect(await told(other, 'run-2')).toMatchObject([doneEvent('a')]);

    await one.enqueue(mine);
    await other.enqueue(theirs);
    expect(await one.withdraw('run-1')).toEqual([]);
    expect(await other.withdraw('run-2')).toEqual([mine.artifact]);
    expect(await glance(other)).toBeNull();
    await one.enqueue(mine);
    expect(await finishNext(other)).toBe('a');
  });

  it('withdraws the queued jobs of one run only, however its name begins', async () => {
    const [orchestrator, worker] = await bench.two();
    const others = ['run-10', 'run', 'run-2'];
    await orchestrator.enqueue(testJob('mine'));
    for (const run of others) await orchestrator.enqueue(testJob(run, { run }));
    await orchestrator.enqueue(testJob('mine, too', { class: 'cpu' }));
    const withdrawn = await orchestrator.withdraw('run-1');
    expect([...withdrawn].sort()).toEqual(['mine', 'mine, too'].map((name) => testJob(name).artifact).sort());
    for (const run of others) expect(await finishNext(worker)).toBe(run);
    expect(await glance(worker)).toBeNull();
    expect(await glance(worker, 'w', 'cpu')).toBeNull();
    await orchestrator.enqueue(testJob('mine'));
    expect(await finishNext(worker)).toBe('mine');
  });

  it('is withdrawn or claimed when both happen at once, never both', async () => {
    const [one, other] = await bench.two();
    for (let round = 0; round < 4; round++) {
      const name = `round-${round}`;
      await one.enqueue(testJob(name));
      const claiming = glance(other);
      if (round % 2 === 1) await Promise.resolve();
      const withdrawn = await one.withdraw('run-1');
      const lease = await claiming;
      expect(withdrawn).toEqual(lease ? [] : [testJob(name).artifact]);
      expect((await lease?.commit(doneEvent(name))) ?? 'committed').toBe('committed');
    }
  });

  it('stays with its worker when its run is withdrawn, which is told the end', async () => {
    const [orchestrator, worker] = await bench.two();
    await orchestrator.enqueue(mine);
    const lease = await claim(worker);
    expect(await orchestrator.withdraw('run-1')).toEqual([]);
    expect(await isLostSoon(lease, worker)).toBe(false);
    expect(await lease.commit(doneEvent('a'))).toBe('committed');
    expect(await told(orchestrator)).toMatchObject([doneEvent('a')]);
  });

  it('stays with its worker when one of its runs is cancelled', async () => {
    const [one, other] = await bench.two();
    await one.enqueue(mine);
    await other.enqueue(theirs);
    const lease = await claim(other);
    bench.keep(lease);
    await one.cancel('run-1');
    expect(await isLostSoon(lease, other)).toBe(false);
    expect(await lease.commit(doneEvent('a'))).toBe('committed');
    expect(await told(one, 'run-2')).toMatchObject([doneEvent('a')]);
  });

  it('is taken from its worker when the last of its runs is cancelled, and fenced', async () => {
    const [one, other] = await bench.two();
    for (const job of [mine, theirs, testJob('queued'), testJob('not mine', { run: 'run-2' })])
      await one.enqueue(job);
    const lease = await claim(other);
    bench.keep(lease);
    await one.cancel('run-1');
    expect(lease.lost.aborted).toBe(false);
    await one.cancel('run-2');
    expect(await isLostSoon(lease, other)).toBe(true);
    expect(await lease.commit(doneEvent('a'))).toBe('fenced');
    expect(await lease.fail(true, failing('a'))).toBe('fenced');
    await lease.release();
    expect(await glance(other)).toBeNull();
    for (const run of ['run-1', 'run-2']) expect(await typesTold(one, run)).toEqual([]);
    // A cancelled job has not failed: another run that queues it later gets its result.
    await one.enqueue(mine);
    expect(await finishNext(other)).toBe('a');
  });

  it('is not queued again by a worker that failed it while its run was cancelled', async () => {
    const [one, other] = await bench.two();
    for (let round = 0; round < 5; round++) {
      const name = `round-${round}`;
      await one.enqueue(testJob(name));
      const lease = await claim(other);
      await Promise.all([lease.fail(true, failing(name)), one.cancel('run-1')]);
    }
    expect(await glance(other)).toBeNull();
  });
}
