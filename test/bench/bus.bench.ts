/**
 * Cost of the bus: the time of an empty job, the delay of an event from a worker to a watcher, and the speed-up of
 * sleeping jobs with four worker processes. Needs nats-server and the built code (`npm run build`).
 *
 *     npx vitest run --config test/bench/vitest.config.mjs test/bench/bus.bench.ts
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filter, firstValueFrom, take, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus } from '../../src/pipeline/bus/bus.js';
import { InProcessBus } from '../../src/pipeline/bus/in-process.js';
import { setUpBus } from '../../src/pipeline/bus/nats/connect-bus.js';
import { together } from '../../src/pipeline/observe/worker-observer.js';
import { recipeBytes, type Recipe } from '../../src/pipeline/recipe.js';
import { FileStore } from '../../src/pipeline/store/file-store.js';
import { startRunner } from '../../src/workers/runner.js';
import { sha256 } from '../../src/pipeline/core/canonical-json.js';
import { testJob } from '../support/jobs.js';
import { jetstream, natsServer, startNats, type TestServer } from '../support/nats-server.js';
import { measure, timingTable } from './measure.js';

const script = (name: string): string => join(import.meta.dirname, name);

/** Puts jobs into a store and on a bus, and waits until all are done. */
async function runJobs(bus: Bus, store: FileStore, run: string, count: number): Promise<void> {
  const done = firstValueFrom(
    bus.events(run).pipe(
      filter(({ type }) => type === 'job-done'),
      take(count),
      toArray(),
    ),
  );
  for (let i = 0; i < count; i++) {
    const unit = { fold: i, method: run };
    const recipe: Recipe = { stage: 'stage3', version: 1, unit, config: {}, inputs: [], sources: [] };
    const bytes = recipeBytes(recipe);
    await store.write('recipe', bytes);
    const changes = { run, unit, artifact: sha256(bytes), codeVersion: 'bench', store: store.root };
    await bus.enqueue(testJob(`${run}-${i}`, changes));
  }
  await done;
}

describe.skipIf(natsServer === null)('the bus', () => {
  let server: TestServer;
  let bus: Bus;
  let folder: string;
  const children: ChildProcess[] = [];
  const start = (name: string, ...args: readonly string[]): ChildProcess => {
    const child = fork(script(name), [String(server.port), ...args], { stdio: 'inherit' });
    children.push(child);
    return child;
  };
  beforeEach(async () => {
    server = await startNats(jetstream);
    const servers = [`127.0.0.1:${server.port}`];
    bus = await setUpBus({ servers, auth: { kind: 'none' }, tls: null, origin: 'bench' }, 60_000);
    folder = mkdtempSync(join(tmpdir(), 'haf-bench-'));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await bus.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('takes little of a job', async () => {
    const jobs = 50;
    let round = 0;
    const through = async (other: Bus): Promise<void> =>
      runJobs(other, new FileStore(folder), `r${round++}`, jobs);
    const idle = { run: () => Promise.resolve(nothing), close: () => Promise.resolve() };
    const nothing = { files: [], problems: [], metrics: {}, peakRssMiB: 0, readSeconds: 0 };
    const runnerOn = (other: Bus) =>
      startRunner({
        ...{ bus: other, worker: 'w', codeVersion: 'bench', anyVersion: false, data: null },
        observer: together(),
        storeOf: () => Promise.resolve(new FileStore(folder)),
        lanes: [{ jobClass: 'gpu', executor: idle }],
      });
    const inside = new InProcessBus();
    const runners = [runnerOn(inside), runnerOn(bus)];
    const timings = [
      await measure(`${jobs} empty jobs, in-process`, 5, () => through(inside)),
      await measure(`${jobs} empty jobs, NATS`, 5, () => through(bus)),
    ];
    console.log(timingTable('bus overhead (queue, claim, store, settle, tell)', timings));
    const [without = 0, over = 0] = timings.map(({ medianMs }) => medianMs / jobs);
    console.log(`NATS adds ${(over - without).toFixed(2)} ms to a job`);
    await Promise.all(runners.map((runner) => runner.drain()));
    expect(over).toBeGreaterThan(0);
  });

  it('brings an event to who watches', async () => {
    const count = 1000;
    const delays: number[] = [];
    const watching = firstValueFrom(
      bus.events('watched').pipe(
        filter((event) => {
          if (event.type !== 'job-epoch') return false;
          delays.push(performance.timeOrigin + performance.now() - Number(event.metrics.sent));
          return true;
        }),
        take(count),
        toArray(),
      ),
    );
    start('publisher.mjs', 'watched', String(count));
    await watching;
    delays.sort((a, b) => a - b);
    const at = (share: number): string => `${(delays[Math.floor(share * (count - 1))] ?? NaN).toFixed(2)} ms`;
    console.log(`event, worker process -> watcher: p50 ${at(0.5)}, p99 ${at(0.99)}, worst ${at(1)}`);
    expect(delays).toHaveLength(count);
  });

  it('scales sleeping folds over worker processes', async () => {
    const [jobs, ms] = [40, 500];
    const timeWith = async (workers: number): Promise<number> => {
      const started = Array.from({ length: workers }, () => start('sleeping-worker.mjs', folder, String(ms)));
      await Promise.all(started.map((child) => once(child, 'message')));
      const begin = performance.now();
      await runJobs(bus, new FileStore(folder), `with-${workers}`, jobs);
      const seconds = (performance.now() - begin) / 1000;
      for (const child of started) child.kill('SIGKILL');
      return seconds;
    };
    const [one, four] = [await timeWith(1), await timeWith(4)];
    console.log(
      `${jobs} jobs that sleep ${ms} ms: 1 worker ${one.toFixed(1)} s, 4 workers ${four.toFixed(1)} s, ` +
        `${(one / four).toFixed(2)}x`,
    );
    expect(four).toBeLessThan(one);
  });
});
