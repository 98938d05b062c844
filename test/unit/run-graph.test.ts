import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filter, firstValueFrom, lastValueFrom, take, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Job } from '../../src/pipeline/bus/bus.js';
import { InProcessBus } from '../../src/pipeline/bus/in-process.js';
import { HafError } from '../../src/pipeline/core/errors.js';
import { buildGraph } from '../../src/pipeline/graph.js';
import { makePlan } from '../../src/pipeline/plan.js';
import { runGraph, type JobOutcome } from '../../src/pipeline/run-graph.js';
import type { RunEvent } from '../../src/pipeline/runs/events.js';
import { FileStore } from '../../src/pipeline/store/file-store.js';
import type { Executor } from '../../src/workers/executor.js';
import { startRunner } from '../../src/workers/runner.js';
import { storeAt } from '../../src/workers/store-at.js';
import { testConfig, testFiles, testJob } from '../support/jobs.js';

/** Computes a job by writing its key; `misbehave` may throw instead. */
const executor = (store: FileStore, log: string[], misbehave: (job: Job) => void): Executor => ({
  run: async (job) => {
    log.push(job.key);
    misbehave(job);
    const file = await store.write('key', new TextEncoder().encode(job.key));
    return { files: [file], problems: [], metrics: { length: job.key.length }, peakRssMiB: 1 };
  },
  close: () => Promise.resolve(),
});

async function runAll(
  lanes: number,
  options: { root?: string; misbehave?: (job: Job) => void; force?: ReadonlySet<string> } = {},
): Promise<{ outcomes: JobOutcome[]; log: string[]; root: string; types: string[] }> {
  const root = options.root ?? mkdtempSync(join(tmpdir(), 'haf-graph-'));
  const [store, bus, log, config] = [new FileStore(root), new InProcessBus(), [] as string[], testConfig()];
  const plan = await makePlan(buildGraph(config, testFiles()), config, store);
  const work = executor(store, log, options.misbehave ?? (() => undefined));
  const runner = startRunner({
    bus,
    store,
    worker: 'test',
    codeVersion: '0',
    lanes: (['cpu', 'gpu'] as const).flatMap((jobClass) =>
      Array.from({ length: lanes }, () => ({ jobClass, executor: work })),
    ),
  });
  const types: string[] = [];
  bus.events('r').subscribe((event) => types.push(event.type));
  const graph = runGraph({
    run: 'r',
    config,
    plan,
    bus,
    store,
    ...(options.force ? { force: options.force } : {}),
  });
  const outcomes = await lastValueFrom(graph.pipe(toArray()));
  await runner.stop();
  await bus.close();
  return { outcomes, log, root, types };
}

const states = (outcomes: readonly JobOutcome[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { state } of outcomes) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
};

describe('running a graph', () => {
  it('computes every job once, after what it reads, for any number of lanes', async () => {
    for (const lanes of [1, 3]) {
      const { outcomes, log } = await runAll(lanes);
      expect(states(outcomes)).toEqual({ done: outcomes.length });
      expect(new Set(log).size).toBe(log.length);
      expect(log.indexOf('split')).toBeGreaterThan(log.indexOf('cohort'));
      expect(log.indexOf('stage3/fold-0/haf')).toBeGreaterThan(log.indexOf('stage2/fold-0/svd'));
      expect(log.at(-1)).toBe('report');
    }
  });

  it('takes everything from the store the second time', async () => {
    const { root } = await runAll(2);
    const { outcomes, log } = await runAll(2, { root });
    expect(log).toEqual([]);
    expect(states(outcomes)).toEqual({ cached: outcomes.length });
  });

  it('computes forced jobs again and keeps the rest', async () => {
    const { root } = await runAll(2);
    const { log } = await runAll(2, { root, force: new Set(['stage2/fold-0/svd']) });
    expect(log).toEqual(['stage2/fold-0/svd']);
  });

  it('skips what depends on a failed job, and finishes the rest', async () => {
    const misbehave = (job: Job): void => {
      if (job.key === 'stage2/fold-0/svd')
        throw new HafError('HAF_TRAINING_DIVERGED', 'Not finite.', 'Lower train.lr.');
    };
    const { outcomes, root } = await runAll(2, { misbehave });
    const of = (state: string): string[] =>
      outcomes
        .filter((o) => o.state === state)
        .map(({ job }) => job.node.key)
        .sort();
    expect(of('failed')).toEqual(['stage2/fold-0/svd']);
    expect(of('skipped')).toEqual(['aggregate', 'evaluate/fold-0/haf', 'report', 'stage3/fold-0/haf']);
    const again = await runAll(2, { root });
    expect(again.log.sort()).toEqual([...of('failed'), ...of('skipped')].sort());
  });

  it('tries a job again when its process died, and gives up after three times', async () => {
    let deaths = 0;
    const once = await runAll(1, {
      misbehave: (job) => {
        if (job.key === 'stage1/fold-0/TMA' && deaths++ === 0)
          throw new HafError('HAF_WORKER_DIED', 'Killed.', 'See above.');
      },
    });
    expect(states(once.outcomes)).toEqual({ done: once.outcomes.length });
    expect(once.types.filter((type) => type === 'job-retried')).toHaveLength(1);
    // With a lane waiting for work, too, the retry is announced before the next start.
    let killed = 0;
    const idle = await runAll(3, {
      misbehave: (job) => {
        if (job.key === 'report' && killed++ === 0)
          throw new HafError('HAF_WORKER_DIED', 'Killed.', 'See above.');
      },
    });
    expect(idle.types.slice(-4)).toEqual(['job-started', 'job-retried', 'job-started', 'job-done']);
    const always = await runAll(1, {
      misbehave: (job) => {
        if (job.key === 'stage1/fold-0/TMA') throw new HafError('HAF_WORKER_DIED', 'Killed.', 'See above.');
      },
    });
    expect(always.log.filter((key) => key === 'stage1/fold-0/TMA')).toHaveLength(3);
    expect(states(always.outcomes).failed).toBe(1);
  });
});

describe('a runner', () => {
  /** One job 'a' through a runner whose bus and store behave as told; gives back the last event. */
  const runOne = async (store: FileStore, change: (bus: InProcessBus) => void): Promise<RunEvent> => {
    const bus = new InProcessBus();
    change(bus);
    const runner = startRunner({
      bus,
      store,
      worker: 'w',
      codeVersion: '0',
      heartbeatMs: 1,
      lanes: [{ jobClass: 'gpu', executor: executor(store, [], () => undefined) }],
    });
    const done = firstValueFrom(bus.events('run-1').pipe(filter(({ type }) => type === 'job-done')));
    await bus.enqueue(testJob('a'));
    const event = await done;
    await runner.stop();
    return event;
  };

  it('tells the metrics of the artifact that is stored, also when another process stored it', async () => {
    const store = new FileStore(mkdtempSync(join(tmpdir(), 'haf-won-')));
    const commit = store.commit.bind(store);
    store.commit = async (manifest, options) => commit({ ...manifest, metrics: { won: 1 } }, options);
    expect(await runOne(store, () => undefined)).toMatchObject({ metrics: { won: 1 } });
  });

  it('outlives a bus that loses messages and heartbeats', async () => {
    const store = new FileStore(mkdtempSync(join(tmpdir(), 'haf-lossy-')));
    const lost = (): Promise<never> => Promise.reject(new Error('connection lost'));
    const event = await runOne(store, (bus) => {
      const [publish, claim] = [bus.publish.bind(bus), bus.claim.bind(bus)];
      bus.publish = (run, body) => (body.type === 'job-started' ? lost() : publish(run, body));
      bus.claim = async (...args) => {
        const lease = await claim(...args);
        return lease && { ...lease, heartbeat: lost };
      };
    });
    expect(event.type).toBe('job-done');
  });

  it('keeps one store per folder, so that content is hashed once', () => {
    expect(storeAt('/nowhere/a')).toBe(storeAt('/nowhere/a'));
    expect(storeAt('/nowhere/a')).not.toBe(storeAt('/nowhere/b'));
  });

  it('drains: finishes the running job and takes no other', async () => {
    const store = new FileStore(mkdtempSync(join(tmpdir(), 'haf-drain-')));
    const [bus, config] = [new InProcessBus(), testConfig()];
    const plan = await makePlan(buildGraph(config, testFiles()), config, store);
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const log: string[] = [];
    const slow: Executor = {
      run: async (job) => {
        log.push(job.key);
        await gate;
        return { files: [], problems: [], metrics: {}, peakRssMiB: 1 };
      },
      close: () => Promise.resolve(),
    };
    const runner = startRunner({
      bus,
      store,
      worker: 'w',
      codeVersion: '0',
      lanes: [{ jobClass: 'cpu', executor: slow }],
    });
    const first = lastValueFrom(runGraph({ run: 'r', config, plan, bus, store }).pipe(take(1)));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const drained = runner.drain();
    release();
    await drained;
    expect((await first).state).toBe('done');
    expect(log).toHaveLength(1);
    await bus.close();
  });
});
