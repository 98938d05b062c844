import { setTimeout as sleep } from 'node:timers/promises';
import { Observable, type Subscriber } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Bus } from '../../src/pipeline/bus/bus.js';
import type { Job } from '../../src/pipeline/bus/job.js';
import { sha256 } from '../../src/pipeline/core/canonical-json.js';
import { EndsByArtifact } from '../../src/pipeline/ends-by-artifact.js';
import { buildGraph } from '../../src/pipeline/graph.js';
import { makePlan, type Plan } from '../../src/pipeline/plan.js';
import { runGraph, type GraphRun, type JobOutcome } from '../../src/pipeline/run-graph.js';
import type { RunEvent } from '../../src/pipeline/run-event.js';
import type { ArtifactStore, Manifest } from '../../src/pipeline/store/store.js';
import { windowed } from '../../src/pipeline/windowed.js';
import { CountingBus } from '../support/counting-bus.js';
import { testConfig, testFiles } from '../support/jobs.js';

const manifestOf = (id: string): Manifest => ({
  ...{ v: 1, id, key: id, stage: 'embed', unit: {}, codeVersion: '0', files: [], problems: [] },
  ...{ metrics: {}, worker: 'w', seconds: 1, peakRssMiB: 1 },
});

/** A store that holds manifests only. `asked` returns how often a manifest was requested. */
function storeOf(there: Set<string>): { store: ArtifactStore; asked: () => number } {
  let asked = 0;
  const store: Partial<ArtifactStore> = {
    uri: '/nowhere',
    manifest: (id) => {
      asked++;
      return Promise.resolve(there.has(id) ? manifestOf(id) : null);
    },
    write: (name) => Promise.resolve({ name, sha256: sha256(name), bytes: 0 }),
  };
  return { store: store as ArtifactStore, asked: () => asked };
}

/** The plan of an experiment with this number of feature files. */
function planOf(files: number, store: ArtifactStore): Promise<Plan> {
  const config = testConfig();
  const found = testFiles();
  const bags = Array.from({ length: files }, (_, index) => {
    const file = `tma/${index}.npz`;
    const source = { role: 'features', name: file, path: `/nowhere/${file}`, sha256: sha256(file) };
    return { modality: 'TMA', kind: 'features' as const, unit: { modality: 'TMA', file }, sources: [source] };
  });
  return makePlan(buildGraph(config, { ...found, bags }), config, store);
}

interface Running {
  readonly bus: CountingBus;
  readonly outcomes: JobOutcome[];
  readonly done: Promise<void>;
  readonly stop: () => void;
}

function start(plan: Plan, store: ArtifactStore, changes: Partial<GraphRun> = {}): Running {
  const bus = new CountingBus();
  const outcomes: JobOutcome[] = [];
  const context = { run: 'r', config: testConfig(), plan, bus: bus as unknown as Bus, store };
  const graph = runGraph({ ...context, events: bus.events, codeVersion: '0', ...changes });
  let stop = (): void => undefined;
  const done = new Promise<void>((resolve, reject) => {
    const following = graph.subscribe({
      next: (outcome) => outcomes.push(outcome),
      error: reject,
      complete: resolve,
    });
    stop = () => following.unsubscribe();
  });
  return { bus, outcomes, done, stop };
}

/** Ends the jobs on the bus, one after the other, until the run is done; `choose` says which is next. */
async function workOff(
  { bus, done }: Running,
  there: Set<string>,
  choose: (jobs: readonly Job[]) => Job | undefined,
  fails: (job: Job) => boolean = () => false,
): Promise<void> {
  let over = false;
  const end = done.finally(() => (over = true));
  while (!over) {
    const job = choose([...bus.waiting.values()]);
    if (job === undefined) await sleep(0);
    else if (fails(job)) await bus.finish(job, 'damaged');
    else {
      there.add(job.artifact);
      await bus.finish(job);
    }
    // Wait until the jobs that have just become ready are queued.
    await new Promise(setImmediate);
  }
  await end;
}

const first = (jobs: readonly Job[]): Job | undefined => jobs[0];
const last = (jobs: readonly Job[]): Job | undefined => jobs.at(-1);

describe('many jobs', () => {
  it('are on the bus a window at a time, and all of them come to an end', async () => {
    const there = new Set<string>();
    const { store } = storeOf(there);
    const plan = await planOf(300, store);
    const running = start(plan, store, { window: 10 });
    await workOff(running, there, first);
    expect(running.outcomes).toHaveLength(plan.length);
    expect(running.outcomes.every(({ state }) => state === 'done')).toBe(true);
    expect(running.bus.most.cpu).toBe(10);
    expect(running.bus.most.gpu).toBeLessThanOrEqual(10);
  });

  it('keep no job of the other class from the bus', async () => {
    const there = new Set<string>();
    const { store } = storeOf(there);
    const plan = await planOf(40, store);
    const running = start(plan, store, { window: 2 });
    // `gpu` jobs end only after all `cpu` jobs on the bus have ended.
    const cpuFirst = (jobs: readonly Job[]): Job | undefined =>
      jobs.find((job) => job.class === 'cpu') ?? jobs[0];
    await workOff(running, there, cpuFirst);
    expect(running.bus.most).toEqual({ cpu: 2, gpu: 2 });
    expect(running.outcomes).toHaveLength(plan.length);
  });

  it('end the same, whatever the order in which workers finish and the width of the window', async () => {
    const ends: string[] = [];
    for (const [window, choose] of [
      [1, first],
      [7, last],
      [1000, last],
      [50, (jobs: readonly Job[]) => [...jobs].sort((a, b) => (sha256(a.key) < sha256(b.key) ? -1 : 1))[0]],
    ] as const) {
      const there = new Set<string>();
      const { store } = storeOf(there);
      const plan = await planOf(60, store);
      const running = start(plan, store, { window });
      await workOff(running, there, choose, ({ key }) => key.startsWith('stage2/fold-0'));
      const told = running.bus.published.flatMap((event) =>
        event.type === 'job-skipped' ? [`${event.job} because of ${event.because}`] : [],
      );
      const states = running.outcomes.map(({ job, state }) => `${job.node.key} ${state}`);
      ends.push([...states, ...told].sort().join('\n'));
    }
    expect(ends[0]).toContain('stage3/fold-0/haf skipped');
    expect(new Set(ends).size).toBe(1);
  });

  it('that are all there are neither queued nor looked up again', async () => {
    const there = new Set<string>();
    const { store, asked } = storeOf(there);
    for (const { id } of await planOf(300, store)) there.add(id);
    const plan = await planOf(300, store);
    const before = asked();
    const running = start(plan, store);
    await running.done;
    expect(running.outcomes.every(({ state }) => state === 'cached')).toBe(true);
    expect(running.bus.countOf('job-cached')).toBe(plan.length);
    expect(running.bus.countOf('job-queued')).toBe(0);
    expect(running.bus.most).toEqual({ cpu: 0, gpu: 0 });
    expect(asked()).toBe(before);
  });

  it('put nothing more on the bus once nobody follows the run', async () => {
    const there = new Set<string>();
    const { store } = storeOf(there);
    const plan = await planOf(100, store);
    const running = start(plan, store, { window: 5 });
    for (let i = 0; i < 200 && running.bus.waiting.size < 5; i++) await sleep(1);
    for (let i = 0; i < 8; i++) {
      const job = first([...running.bus.waiting.values()]);
      if (job === undefined) continue;
      there.add(job.artifact);
      await running.bus.finish(job);
      await sleep(1);
    }
    const full = running.bus.waiting.size;
    expect(full).toBe(5);
    running.stop();
    const queued = running.bus.countOf('job-queued');
    for (const job of running.bus.waiting.values()) await running.bus.finish(job);
    await sleep(5);
    expect(running.bus.countOf('job-queued')).toBe(queued);
    expect(running.bus.waiting.size).toBe(0);
  });
});

describe('ends by artifact', () => {
  it('reach those who wait for the artifact, without asking any other', () => {
    let source: Subscriber<RunEvent> | undefined;
    const events = new Observable<RunEvent>((subscriber) => void (source = subscriber));
    const ends = new EndsByArtifact(events);
    ends.dispatch.subscribe();
    const heard: string[] = [];
    const waiting = 1000;
    for (let i = 0; i < waiting; i++) ends.of(`a${i}`).subscribe(({ artifact }) => heard.push(artifact));
    let reads = 0;
    for (let i = 0; i < waiting; i++) {
      const event = { type: 'job-done', v: 1, id: `${i}`, seq: i, at: '' };
      source?.next(
        Object.defineProperty(event, 'artifact', {
          get: () => {
            reads++;
            return `a${i}`;
          },
        }) as unknown as RunEvent,
      );
    }
    expect(heard).toEqual(Array.from({ length: waiting }, (_, i) => `a${i}`));
    // The artifact of each event is read twice: to find the waiting job, and by this job. If each waiting job filtered
    // all events, there would be a million reads.
    expect(reads).toBe(2 * waiting);
  });

  it('end with the events', () => {
    const ends = new EndsByArtifact(new Observable<RunEvent>((subscriber) => subscriber.complete()));
    let completed = 0;
    ends.of('a').subscribe({ complete: () => completed++ });
    ends.dispatch.subscribe({ complete: () => completed++ });
    expect(completed).toBe(2);
  });
});

describe('a window', () => {
  it('works on so many items at a time, in their order, also when the work ends at once', () => {
    const many = 20_000;
    const line = windowed<number, number>(
      3,
      (item) => new Observable((subscriber) => (subscriber.next(item), subscriber.complete())),
    );
    const seen: number[] = [];
    line.results.subscribe((item) => {
      seen.push(item);
      if (item < many) line.push(item + 1);
    });
    line.push(1);
    expect(seen).toEqual(Array.from({ length: many }, (_, index) => index + 1));
  });
});
