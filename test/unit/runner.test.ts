import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { filter, firstValueFrom, skip, take, timeout, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Bus } from '../../src/pipeline/bus/bus.js';
import { InProcessBus } from '../../src/pipeline/bus/in-process.js';
import type { Job } from '../../src/pipeline/bus/job.js';
import { hashOf } from '../../src/pipeline/core/canonical-json.js';
import { HafError, type ErrorCode } from '../../src/pipeline/core/errors.js';
import { together, type Settlement } from '../../src/pipeline/observe/worker-observer.js';
import { recipeBytes, type Recipe } from '../../src/pipeline/recipe.js';
import type { RunEvent } from '../../src/pipeline/run-event.js';
import { FileStore } from '../../src/pipeline/store/file-store.js';
import { interrupted, type Executor, type JobControl } from '../../src/workers/executor.js';
import { startRunner, type RunnerOptions } from '../../src/workers/runner.js';
import { storeAt } from '../../src/workers/store-at.js';
import type { Work } from '../../src/workers/work.js';
import { testJob } from '../support/jobs.js';
import { testMember } from '../support/members.js';

const newStore = (): FileStore => new FileStore(mkdtempSync(join(tmpdir(), 'haf-runner-')));

/** A job whose recipe is in the store. */
async function storedJob(store: FileStore, name: string, changes: Partial<Job> = {}): Promise<Job> {
  const recipe: Recipe = {
    ...{ stage: 'stage3', version: 1, unit: { fold: 0, method: 'haf' } },
    ...{ config: { name }, inputs: [], sources: [] },
  };
  await store.write('recipe', recipeBytes(recipe));
  return testJob(name, { artifact: hashOf(recipe), ...changes });
}

type Run = (job: Job, control: JobControl) => Promise<void>;

/** A runner with one lane. The executor calls `run` before it returns the result of a job. */
function runnerOn(bus: Bus, store: FileStore, run: Run, changes: Partial<RunnerOptions> = {}) {
  const executor: Executor = {
    run: async (job, control) => {
      await run(job, control);
      return { files: [], problems: [], metrics: {}, peakRssMiB: 1, readSeconds: 0 };
    },
  };
  return startRunner({
    ...{
      bus,
      worker: 'w',
      codeVersion: '0',
      anyVersion: false,
      storeOf: () => Promise.resolve(store),
      data: null,
    },
    ...{ observer: together(), lanes: [{ jobClass: 'gpu', executor }] },
    ...changes,
  });
}

const quickly = (): Promise<void> => Promise.resolve();
/** Computes until it is stopped. */
const forEver: Run = (job, { signal }) =>
  new Promise((_, reject) => {
    const stop = (): void => reject(interrupted(job));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
  });
const failing =
  (code: ErrorCode): Run =>
  () =>
    Promise.reject(new HafError(code, 'A test.', 'See above.'));

const next = (bus: Bus, type: RunEvent['type']): Promise<RunEvent> =>
  firstValueFrom(
    bus.events('run-1').pipe(
      filter((event) => event.type === type),
      timeout(10_000),
    ),
  );
const first = async (bus: Bus, count: number): Promise<readonly string[]> => {
  const events = bus.events('run-1').pipe(take(count), toArray(), timeout(10_000));
  return (await firstValueFrom(events)).map(({ type }) => type);
};

/** Collects the ends of jobs that an observer receives. */
function settlements() {
  const seen: { job: string; end: Settlement }[] = [];
  const observer = together({ settled: ({ key }, end) => seen.push({ job: key, end }) });
  return { seen, observer };
}

describe('a runner', () => {
  it('tells the metrics of the artifact that is stored, also when another process stored it', async () => {
    const [bus, store] = [new InProcessBus(), newStore()];
    const commit = store.commit.bind(store);
    store.commit = async (manifest, options) => commit({ ...manifest, metrics: { won: 1 } }, options);
    await bus.enqueue(await storedJob(store, 'a'));
    const runner = runnerOn(bus, store, quickly);
    expect(await next(bus, 'job-done')).toMatchObject({ metrics: { won: 1 } });
    await runner.stop();
  });

  it('does not read the recipe of a job that its own process has planned', async () => {
    const [bus, store] = [new InProcessBus(), newStore()];
    const recipe: Recipe = {
      ...{ stage: 'stage3', version: 1, unit: { fold: 0, method: 'haf' } },
      ...{ config: { name: 'a', unset: undefined }, inputs: [], sources: [] },
    };
    let config: unknown;
    const run: Run = (work) => Promise.resolve(void (config = (work as unknown as Work).config));
    const runner = runnerOn(bus, store, run, {
      recipeOf: (artifact) => (artifact === hashOf(recipe) ? recipe : null),
    });
    await bus.enqueue(testJob('a', { artifact: hashOf(recipe) }));
    await next(bus, 'job-done');
    // A key of the configuration with the value undefined is absent, as it is for a worker that reads the recipe from
    // the store.
    expect(config).toStrictEqual({ name: 'a' });
    await runner.stop();
  });

  it('settles without computing what a worker that died has stored', async () => {
    const [bus, store] = [new InProcessBus(), newStore()];
    const job = await storedJob(store, 'a');
    let computed = 0;
    const count = (): Promise<void> => Promise.resolve(void computed++);
    const runner = runnerOn(bus, store, count);
    for (const replace of [false, false, true]) {
      await bus.enqueue({ ...job, replace });
      while ((await bus.load()).queues.gpu.running + (await bus.load()).queues.gpu.waiting > 0)
        await sleep(5);
    }
    expect(computed).toBe(2);
    expect((await first(bus, 6)).filter((type) => type === 'job-done')).toHaveLength(3);
    await runner.stop();
  });

  it('puts a forced result in the place of the earlier one, and leaves no checkpoint and no pin', async () => {
    const [bus, store] = [new InProcessBus(), newStore()];
    const job = await storedJob(store, 'a');
    let [round, released] = [0, 0];
    const commit = store.commit.bind(store);
    store.commit = (manifest, options) => commit({ ...manifest, metrics: { round: ++round } }, options);
    store.fetch = () => Promise.resolve({ release: () => Promise.resolve(void released++) });
    const runner = runnerOn(bus, store, () => store.saveCheckpoint(job.artifact, new Uint8Array(8)));
    for (const replace of [false, true]) {
      const done = firstValueFrom(
        bus.events('run-1').pipe(
          filter(({ type }) => type === 'job-done'),
          skip(round),
        ),
      );
      await bus.enqueue({ ...job, replace });
      await done;
    }
    await runner.drain();
    expect(await store.manifest(job.artifact)).toMatchObject({ metrics: { round: 2 } });
    expect(await store.checkpoint(job.artifact)).toBeNull();
    expect(released).toBe(2);
  });

  it('asks once more before it stores whether the job is still its own', async () => {
    const [bus, store] = [new InProcessBus(), newStore()];
    const job = await storedJob(store, 'a');
    const [lost, given] = [new AbortController(), new AbortController()];
    let computed = false;
    const claim = bus.claim.bind(bus);
    bus.claim = async (...args) => {
      const lease = await claim(...args);
      const confirm = (): Promise<void> => Promise.resolve(computed ? lost.abort() : undefined);
      const release = (): Promise<void> => Promise.resolve(given.abort());
      return lease && { ...lease, lost: lost.signal, confirm, release };
    };
    await bus.enqueue(job);
    const runner = runnerOn(bus, store, () => Promise.resolve(void (computed = true)));
    while (!given.signal.aborted && !(await store.manifest(job.artifact))) await sleep(5);
    expect(await store.manifest(job.artifact)).toBeNull();
    await runner.stop();
  });

  it('beats often enough for a lease that another run shortens meanwhile', async () => {
    const [bus, store] = [new InProcessBus({ leaseMs: 600_000 }), newStore()];
    let beaten = (): void => undefined;
    const beat = new Promise<void>((resolve) => (beaten = resolve));
    const claim = bus.claim.bind(bus);
    bus.claim = async (...args) => {
      const lease = await claim(...args);
      return lease && { ...lease, heartbeat: () => Promise.resolve(beaten()) };
    };
    await bus.enqueue(await storedJob(store, 'a'));
    const runner = runnerOn(bus, store, forEver);
    await beat;
    await runner.stop();
  });

  it('outlives a bus that loses messages and heartbeats', async () => {
    const [bus, store] = [new InProcessBus(), newStore()];
    const lost = (): Promise<never> => Promise.reject(new Error('connection lost'));
    const claim = bus.claim.bind(bus);
    bus.claim = async (...args) => {
      const lease = await claim(...args);
      return lease && { ...lease, publish: lost, heartbeat: lost, confirm: lost };
    };
    await bus.enqueue(await storedJob(store, 'a'));
    const runner = runnerOn(bus, store, quickly);
    expect(await first(bus, 1)).toEqual(['job-done']);
    await runner.stop();
  });

  it('tries again what may pass, and sets it aside when it does not', async () => {
    const [bus, store] = [new InProcessBus(), newStore()];
    await bus.enqueue(await storedJob(store, 'a'));
    const runner = runnerOn(bus, store, failing('HAF_WORKER_DIED'));
    expect(await next(bus, 'job-failed')).toMatchObject({ error: { code: 'HAF_JOB_QUARANTINED' } });
    const once = ['job-started', 'job-retried'];
    expect(await first(bus, 6)).toEqual([...once, ...once, 'job-started', 'job-failed']);
    await runner.stop();
  });

  it('leaves what this machine cannot do to another, and rests before it takes more', async () => {
    const [bus, store] = [new InProcessBus(), newStore()];
    await bus.join(testMember());
    for (const name of ['a', 'b']) await bus.enqueue(await storedJob(store, name));
    const runner = runnerOn(bus, store, failing('HAF_DATA_MISSING'));
    expect(await next(bus, 'job-returned')).toMatchObject({ job: 'a', worker: 'w', reason: 'A test.' });
    await sleep(100);
    // After the error the lane waits for a second. `drain` does not wait for it.
    expect(await Promise.race([runner.drain().then(() => 'drained'), sleep(500)])).toBe('drained');
    expect((await bus.claim('gpu', 'other', AbortSignal.timeout(1000)))?.job.key).toBe('b');
    expect((await bus.claim('gpu', 'other', AbortSignal.timeout(1000)))?.job.key).toBe('a');
  });

  it('does not compute what another version planned', async () => {
    const [bus, store] = [new InProcessBus(), newStore()];
    let computed = false;
    await bus.enqueue(await storedJob(store, 'a', { codeVersion: '0.9.0' }));
    const compute = (): Promise<void> => Promise.resolve(void (computed = true));
    const runner = runnerOn(bus, store, compute, { codeVersion: '0.1.0' });
    expect(await next(bus, 'job-failed')).toMatchObject({ error: { code: 'HAF_WORKER_UNFIT' } });
    expect(computed).toBe(false);
    await runner.stop();
  });

  it('stops computing when its job is cancelled, tells nothing of it, and takes the next', async () => {
    const [bus, store] = [new InProcessBus(), newStore()];
    await bus.enqueue(await storedJob(store, 'a'));
    const runner = runnerOn(bus, store, (job, control) =>
      job.key === 'a' ? forEver(job, control) : quickly(),
    );
    await next(bus, 'job-started');
    await bus.cancel('run-1');
    await bus.enqueue(await storedJob(store, 'b'));
    expect(await next(bus, 'job-done')).toMatchObject({ job: 'b' });
    expect(await first(bus, 3)).toEqual(['job-started', 'job-started', 'job-done']);
    await runner.stop();
  });

  it('hands the running job back when it is stopped', async () => {
    const [bus, store] = [new InProcessBus(), newStore()];
    await bus.enqueue(await storedJob(store, 'a'));
    const runner = runnerOn(bus, store, forEver);
    await next(bus, 'job-started');
    await runner.stop();
    expect((await bus.claim('gpu', 'heir', AbortSignal.timeout(1000)))?.attempt).toBe(1);
  });

  it('drains: finishes the running job and takes no other', async () => {
    const [bus, store] = [new InProcessBus(), newStore()];
    for (const name of ['a', 'b']) await bus.enqueue(await storedJob(store, name));
    let finish = (): void => undefined;
    const gate = new Promise<void>((resolve) => (finish = resolve));
    const log: string[] = [];
    const runner = runnerOn(bus, store, ({ key }) => (log.push(key), gate));
    await next(bus, 'job-started');
    const drained = runner.drain();
    finish();
    await drained;
    expect(log).toEqual(['a']);
    expect((await next(bus, 'job-done')).type).toBe('job-done');
    expect((await bus.claim('gpu', 'heir', AbortSignal.timeout(1000)))?.job.key).toBe('b');
  });
});

describe('an observer of a runner', () => {
  it('is told how each job was settled, and where its time went', async () => {
    const [bus, store, { seen, observer }] = [new InProcessBus(), newStore(), settlements()];
    await bus.join(testMember());
    const faults: Record<string, ErrorCode> = { b: 'HAF_TRAINING_DIVERGED', c: 'HAF_DATA_MISSING' };
    const run: Run = (job, control) =>
      faults[job.key] ? failing(faults[job.key]!)(job, control) : quickly();
    for (const name of ['a', 'b', 'c']) await bus.enqueue(await storedJob(store, name));
    const runner = runnerOn(bus, store, run, { observer });
    await next(bus, 'job-returned');
    await runner.drain();
    expect(seen.map(({ job, end }) => [job, end.outcome, end.error?.code])).toEqual([
      ['a', 'committed', undefined],
      ['b', 'given-up', 'HAF_TRAINING_DIVERGED'],
      ['c', 'returned', 'HAF_DATA_MISSING'],
    ]);
    const { seconds, readSeconds = -1, computeSeconds = -1 } = seen[0]!.end;
    expect(readSeconds).toBeGreaterThan(0);
    expect(computeSeconds).toBeGreaterThan(0);
    expect(seconds).toBeGreaterThan(readSeconds + computeSeconds);
    expect(seen[1]!.end).not.toHaveProperty('computeSeconds');
  });

  it('can tell what was stopped from what was cancelled and from what an earlier worker had stored', async () => {
    const [bus, store, { seen, observer }] = [new InProcessBus(), newStore(), settlements()];
    const run: Run = (job, control) => (job.key === 'a' ? quickly() : forEver(job, control));
    await bus.enqueue(await storedJob(store, 'a'));
    const runner = runnerOn(bus, store, run, { observer });
    await next(bus, 'job-done');
    await bus.enqueue(await storedJob(store, 'a'));
    while (seen.length < 2) await sleep(5);
    const started = async (count: number): Promise<unknown> =>
      firstValueFrom(
        bus.events('run-1').pipe(
          filter(({ type }) => type === 'job-started'),
          take(count),
          toArray(),
          timeout(10_000),
        ),
      );
    await bus.enqueue(await storedJob(store, 'b'));
    await started(3);
    await bus.cancel('run-1');
    await bus.enqueue(await storedJob(store, 'c'));
    await started(4);
    await runner.stop();
    expect(seen.map(({ job, end }) => [job, end.outcome])).toEqual([
      ['a', 'committed'],
      ['a', 'committed'],
      ['b', 'fenced'],
      ['c', 'released'],
    ]);
    // Nothing was computed the second time.
    expect(seen[1]!.end).not.toHaveProperty('computeSeconds');
  });

  it('is told which jobs are held, and why a runner can take no more', async () => {
    const [bus, store] = [new InProcessBus(), newStore()];
    const held: string[][] = [];
    const broken: string[] = [];
    const observer = together({
      holding: (jobs) => held.push(jobs.map(({ key }) => key)),
      broken: ({ code }) => broken.push(code),
    });
    await bus.enqueue(await storedJob(store, 'a'));
    const claim = bus.claim.bind(bus);
    const gone = new HafError('HAF_BROKER_UNREACHABLE', 'A test.', 'None.');
    bus.claim = (...args) => (held.length === 0 ? claim(...args) : Promise.reject(gone));
    await expect(runnerOn(bus, store, quickly, { observer }).ended).rejects.toBe(gone);
    expect(held).toEqual([['a'], []]);
    expect(broken).toEqual(['HAF_BROKER_UNREACHABLE']);
  });
});

describe('the stores of a thread', () => {
  it('are one for each folder, so that content is hashed once', () => {
    expect(storeAt('/nowhere/a')).toBe(storeAt('/nowhere/a'));
    expect(storeAt('/nowhere/a')).not.toBe(storeAt('/nowhere/b'));
  });
});
