import { expect, it } from 'vitest';
import { doneEvent, failedEvent, retriedEvent, startedEvent } from '../support/job-events.js';
import { testJob } from '../support/jobs.js';
import { claim, failing, finishNext, glance, told, typesTold, type Bench } from './bus-bench.js';

/** Cases about queues: which worker gets a job, in which order, and how often a job is tried. */
export function queueCases(bench: Bench): void {
  it('hands jobs out oldest first, each to one worker', async () => {
    const [orchestrator, worker] = await bench.two();
    for (const name of ['a', 'b', 'c']) await orchestrator.enqueue(testJob(name));
    const leases = [await claim(worker, 'w1'), await claim(orchestrator, 'w2'), await claim(worker, 'w1')];
    for (const lease of leases) bench.keep(lease);
    expect(leases.map(({ job }) => job.key)).toEqual(['a', 'b', 'c']);
    expect(await glance(worker)).toBeNull();
  });

  it('hands many jobs out to lanes of two workers, none twice', async () => {
    const [one, other] = await bench.two();
    const names = Array.from({ length: 40 }, (_, index) => `job-${index}`);
    const finished = Promise.all(
      names.map((_, index) => finishNext(index % 2 === 0 ? one : other, `w${index % 2}`)),
    );
    await Promise.all(names.map((name) => one.enqueue(testJob(name))));
    expect((await finished).sort()).toEqual(names.sort());
    expect(await glance(other)).toBeNull();
  });

  it('carries a job over unchanged', async () => {
    const [orchestrator, worker] = await bench.two();
    const source = {
      role: 'Clin',
      name: 'clinical é.csv',
      path: '/a b/clinical é.csv',
      sha256: '0'.repeat(64),
    };
    const job = testJob('stage1/fold-0/TMA', {
      ...{ stage: 'stage1', unit: { fold: 0, modality: 'TMA' } },
      ...{ run: 'cohort-2-0a1b', store: 's3://bucket/a b', sources: [source], replace: true },
    });
    await orchestrator.enqueue(job);
    expect((await claim(worker)).job).toEqual(job);
  });

  it('wakes a worker that waits when a job of its class arrives', async () => {
    const [orchestrator, worker] = await bench.two();
    const waiting = claim(worker);
    await orchestrator.enqueue(testJob('other class', { class: 'cpu' }));
    await orchestrator.enqueue(testJob('a'));
    expect((await waiting).job.key).toBe('a');
    expect((await claim(worker, 'w', 'cpu')).job.key).toBe('other class');
  });

  it('ends a claim with null when its signal aborts, without losing the next job', async () => {
    const [orchestrator, worker] = await bench.two();
    const aborted = new AbortController();
    const waiting = worker.claim('gpu', 'w', aborted.signal);
    aborted.abort();
    expect(await waiting).toBeNull();
    expect(await worker.claim('gpu', 'w', aborted.signal)).toBeNull();
    await orchestrator.enqueue(testJob('a'));
    const lease = await claim(worker);
    expect([lease.job.key, lease.attempt]).toEqual(['a', 1]);
  });

  it('loses no job to a claim that is aborted just as the job arrives', async () => {
    const [orchestrator, worker] = await bench.two();
    for (let round = 0; round < 5; round++) {
      const name = `round-${round}`;
      const aborted = new AbortController();
      const waiting = worker.claim('gpu', 'leaving', aborted.signal);
      const queued = orchestrator.enqueue(testJob(name));
      setImmediate(() => aborted.abort());
      const lease = (await waiting) ?? (await claim(worker, 'staying'));
      await queued;
      expect([lease.job.key, lease.attempt]).toEqual([name, 1]);
      expect(await lease.commit(doneEvent(name))).toBe('committed');
    }
  });

  it('queues an artifact once while it is queued or running, replacing or not', async () => {
    const [orchestrator, worker] = await bench.two();
    for (const replace of [false, true]) {
      const job = testJob(`replace ${replace}`, { replace });
      await orchestrator.enqueue(job);
      await orchestrator.enqueue(job);
      const lease = await claim(worker);
      await orchestrator.enqueue(job);
      expect(lease.job.replace).toBe(replace);
      expect(await lease.commit(doneEvent(job.key))).toBe('committed');
    }
    expect(await glance(worker)).toBeNull();
  });

  it('queues what is done again when it is asked for', async () => {
    const [orchestrator, worker] = await bench.two();
    for (const replace of [false, true, false]) {
      await orchestrator.enqueue(testJob('a', { replace }));
      const lease = await claim(worker);
      expect([lease.job.replace, lease.attempt]).toEqual([replace, 1]);
      expect(await lease.commit(doneEvent('a'))).toBe('committed');
    }
    expect(await typesTold(orchestrator)).toEqual(['job-done', 'job-done', 'job-done']);
  });

  it('retries a failure that may pass until the last attempt, and takes the job anew when asked', async () => {
    const [orchestrator, worker] = await bench.two();
    await orchestrator.enqueue(testJob('a'));
    const verdicts = [];
    for (const attempt of [1, 2, 3]) {
      const lease = await claim(worker, `w${attempt}`);
      expect(lease.attempt).toBe(attempt);
      verdicts.push(await lease.fail(true, failing('a')));
    }
    expect(verdicts).toEqual(['retried', 'retried', 'given-up']);
    expect(await typesTold(orchestrator)).toEqual(['job-retried', 'job-retried', 'job-failed']);
    expect(await glance(worker)).toBeNull();
    await orchestrator.enqueue(testJob('a'));
    expect((await claim(worker)).attempt).toBe(1);
  });

  it('lets the jobs that wait go before one that is tried again', async () => {
    const [orchestrator, worker] = await bench.two();
    for (const name of ['a', 'b']) await orchestrator.enqueue(testJob(name));
    expect(await (await claim(worker)).fail(true, failing('a'))).toBe('retried');
    expect([await finishNext(worker), await finishNext(worker)]).toEqual(['b', 'a']);
  });

  it('tells every run of a retry before anybody can claim the job again', async () => {
    const [orchestrator, worker] = await bench.two();
    const runs = ['run-1', 'run-2', 'run-3'];
    for (const run of runs) await orchestrator.enqueue(testJob('a', { run }));
    const lease = await claim(worker);
    const next = claim(orchestrator, 'idle').then(async (again) => {
      await again.publish(startedEvent('a', 'idle', again.attempt));
    });
    const [verdict] = await Promise.all([
      lease.fail(true, failing('a')),
      // A job that one worker has returned and no other worker holds yet must not be queued twice or settled twice.
      orchestrator.enqueue(testJob('a')),
    ]);
    expect([verdict, await lease.fail(true, failing('a'))]).toEqual(['retried', 'fenced']);
    await next;
    for (const run of runs)
      expect(await told(worker, run)).toMatchObject([retriedEvent('a'), startedEvent('a', 'idle', 2)]);
    expect(await glance(worker)).toBeNull();
  });

  it('gives a job up at once when trying again cannot help, and takes it anew when asked', async () => {
    const [orchestrator, worker] = await bench.two();
    await orchestrator.enqueue(testJob('a'));
    expect(await (await claim(worker)).fail(false, failing('a'))).toBe('given-up');
    expect(await told(orchestrator)).toMatchObject([failedEvent('a')]);
    expect(await glance(worker)).toBeNull();
    await orchestrator.enqueue(testJob('a'));
    expect((await claim(worker)).attempt).toBe(1);
  });

  it('takes a released job back without counting a failure, for the same worker or another', async () => {
    const [orchestrator, worker] = await bench.two();
    await orchestrator.enqueue(testJob('a'));
    for (let round = 0; round < 5; round++) await (await claim(worker)).release();
    const lease = await claim(orchestrator, 'other');
    expect(lease.attempt).toBe(1);
    expect(await lease.commit(doneEvent('a'))).toBe('committed');
    expect(await typesTold(orchestrator)).toEqual(['job-done']);
  });

  it('counts no failure away when a job is released after one', async () => {
    const [orchestrator, worker] = await bench.two();
    await orchestrator.enqueue(testJob('a'));
    await (await claim(worker)).fail(true, failing('a'));
    await (await claim(worker)).release();
    expect((await claim(worker)).attempt).toBe(2);
  });

  it('tells how many jobs of a class wait and run', async () => {
    const [orchestrator, worker] = await bench.two();
    const loadOf = async () => (await worker.load()).queues;
    const none = { waiting: 0, running: 0 };
    expect(await worker.load()).toEqual({ queues: { cpu: none, gpu: none }, deadLetters: 0 });
    for (const name of ['a', 'b', 'c']) await orchestrator.enqueue(testJob(name));
    await orchestrator.enqueue(testJob('d', { class: 'cpu', run: 'run-2' }));
    expect(await loadOf()).toEqual({ gpu: { waiting: 3, running: 0 }, cpu: { waiting: 1, running: 0 } });
    const lease = await claim(worker);
    bench.keep(lease);
    expect(await loadOf()).toMatchObject({ gpu: { waiting: 2, running: 1 } });
    await lease.commit(doneEvent('a'));
    await orchestrator.withdraw('run-2');
    await finishNext(worker);
    expect(await loadOf()).toEqual({ gpu: { waiting: 1, running: 0 }, cpu: none });
  });
}
