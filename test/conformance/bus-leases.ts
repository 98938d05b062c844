import { filter, firstValueFrom, timeout } from 'rxjs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { doneEvent, epochEvent, startedEvent } from '../support/job-events.js';
import { testJob } from '../support/jobs.js';
import { claim, failing, finishNext, glance, told, typesTold, type Bench } from './bus-bench.js';

/** Cases about leases: which worker holds a job, and what happens to workers that no longer hold it. */
export function leaseCases(bench: Bench): void {
  it('settles a lease once and tells of it once', async () => {
    const [orchestrator, worker] = await bench.two();
    await orchestrator.enqueue(testJob('a'));
    const lease = await claim(worker);
    expect(await lease.commit(doneEvent('a'))).toBe('committed');
    expect(await lease.commit(doneEvent('a'))).toBe('fenced');
    await lease.release();
    expect(await lease.fail(true, failing('a'))).toBe('fenced');
    expect(await glance(worker)).toBeNull();
    expect(await told(orchestrator)).toMatchObject([doneEvent('a')]);
  });

  it('tells of a lease once when it is settled twice at the same time', async () => {
    const [orchestrator, worker] = await bench.two();
    await orchestrator.enqueue(testJob('a'));
    const lease = await claim(worker);
    const verdicts = await Promise.all([lease.commit(doneEvent('a')), lease.commit(doneEvent('a'))]);
    expect(verdicts).toContain('committed');
    expect(await typesTold(orchestrator)).toEqual(['job-done']);
  });

  it('gives a silent worker’s job to another, tells the silent one, and fences what it does', async () => {
    const [one, other] = await bench.two();
    await one.enqueue(testJob('a'));
    const silent = await claim(one, 'silent');
    const heir = await claim(other, 'heir');
    bench.keep(heir);
    // A lapsed lease is no failure of the job, so this is still attempt 1.
    expect([heir.job.key, heir.attempt]).toEqual(['a', 1]);
    await silent.heartbeat();
    expect([silent.lost.aborted, heir.lost.aborted]).toEqual([true, false]);
    await silent.release();
    expect(await glance(one)).toBeNull();
    expect(await silent.commit(doneEvent('a', 'silent'))).toBe('fenced');
    expect(await heir.commit(doneEvent('a', 'heir'))).toBe('committed');
    expect(await silent.fail(true, failing('a'))).toBe('fenced');
    expect(await silent.decline(() => doneEvent('a', 'silent'))).toBe('fenced');
    expect(await glance(one)).toBeNull();
    expect(await told(one)).toMatchObject([doneEvent('a', 'heir')]);
  });

  it('confirms a lease that holds, and tells a silent worker that its lease is lost', async () => {
    const [one, other] = await bench.two();
    await one.enqueue(testJob('a'));
    const silent = await claim(one, 'silent');
    await silent.confirm();
    expect(silent.lost.aborted).toBe(false);
    await claim(other, 'heir');
    await silent.confirm();
    expect(silent.lost.aborted).toBe(true);
  });

  it('lets only the holder’s heartbeats keep a job', async () => {
    const [one, other] = await bench.two();
    await one.enqueue(testJob('a'));
    const silent = await claim(one, 'silent');
    await claim(other, 'heir, silent too');
    bench.keep(silent);
    expect((await claim(one, 'third')).job.key).toBe('a');
  });

  it('keeps a job with a worker that heartbeats', async () => {
    const [one, other] = await bench.two();
    await one.enqueue(testJob('a'));
    const lease = await claim(one);
    bench.keep(lease);
    const envious = other.claim('gpu', 'envious', AbortSignal.timeout(2.5 * one.leaseMs));
    expect(await envious).toBeNull();
    expect(lease.lost.aborted).toBe(false);
    expect(await lease.commit(doneEvent('a'))).toBe('committed');
  });

  it('counts a failure after lapses, and no lapse as a failure', async () => {
    const [one, other] = await bench.two();
    await one.enqueue(testJob('a'));
    await claim(one, 'silent');
    const heir = await claim(other, 'heir');
    expect(heir.attempt).toBe(1);
    expect(await heir.fail(true, failing('a'))).toBe('retried');
    expect((await claim(other, 'heir')).attempt).toBe(2);
  });

  it('gives a job up whose workers vanish again and again, and takes it anew when asked', async () => {
    const [one, other] = await bench.two({ maxLapses: 2 });
    await one.enqueue(testJob('a'));
    await one.enqueue(testJob('a', { run: 'run-2' }));
    const failed = ['run-1', 'run-2'].map((run) =>
      firstValueFrom(
        one.events(run).pipe(
          filter(({ type }) => type === 'job-failed'),
          timeout(15_000),
        ),
      ),
    );
    for (const bus of [one, other]) expect((await claim(bus, 'dies')).attempt).toBe(1);
    // A network adapter notices a lapsed lease only when a worker asks for a job. So a worker asks here.
    const patient = new AbortController();
    const none = other.claim('gpu', 'patient', patient.signal);
    const error = { code: 'HAF_JOB_QUARANTINED', context: { lapses: 2 } };
    expect(await Promise.all(failed)).toMatchObject([
      { job: 'a', error },
      { job: 'a', error },
    ]);
    patient.abort();
    expect(await none).toBeNull();
    await one.enqueue(testJob('a'));
    expect(await finishNext(other)).toBe('a');
    expect(await typesTold(one)).toEqual(['job-failed', 'job-done']);
  });

  it('does not give a job up for lapses below the limit', async () => {
    const [one, other] = await bench.two({ maxLapses: 2 });
    await one.enqueue(testJob('a'));
    await claim(one, 'dies');
    const heir = await claim(other, 'heir');
    bench.keep(heir);
    await sleep(1.5 * one.leaseMs);
    expect(await heir.commit(doneEvent('a'))).toBe('committed');
    expect(await typesTold(one)).toEqual(['job-done']);
  });

  it('tells what the holder publishes in its order', async () => {
    const [orchestrator, worker] = await bench.two();
    await orchestrator.enqueue(testJob('a'));
    const lease = await claim(worker);
    await lease.publish(startedEvent('a'));
    // A worker does not wait for the publication of an epoch before it continues. So the calls overlap here, too.
    const epochs = [1, 2, 3].map((epoch) => lease.publish(epochEvent('a', epoch)));
    await Promise.all([...epochs, lease.commit(doneEvent('a'))]);
    expect(await told(orchestrator)).toMatchObject([
      startedEvent('a'),
      ...[1, 2, 3].map((epoch) => epochEvent('a', epoch)),
      doneEvent('a'),
    ]);
  });
}
