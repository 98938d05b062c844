import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BehaviorSubject } from 'rxjs';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { Bus, ConnectionState } from '../../src/pipeline/bus/bus.js';
import { InProcessBus } from '../../src/pipeline/bus/in-process.js';
import { deadLetterStream, jobStream } from '../../src/pipeline/bus/nats/names.js';
import { prometheusMetrics, type Observed } from '../../src/pipeline/observe/metrics.js';
import type { RunEvent, RunEventBody } from '../../src/pipeline/run-event.js';
import {
  cachedEvent,
  doneEvent,
  epochEvent,
  failedEvent,
  queuedEvent,
  retriedEvent,
  skippedEvent,
  startedEvent,
} from '../support/job-events.js';
import { testJob } from '../support/jobs.js';
import { testMember } from '../support/members.js';

const orchestrator: Observed = { role: 'orchestrator', version: '0.1.0' };

const at = (second: number, body: RunEventBody): RunEvent => ({
  ...body,
  ...{ v: 1, id: `${second}`, seq: second + 1, at: new Date(second * 1000).toISOString() },
});
const runStarted = (jobs: number): RunEventBody => ({
  ...{ type: 'run-started', run: 'run-1', session: 's', workers: 1, bus: 'a test', methods: [], folds: 1 },
  plan: [{ stage: 'stage3', jobs, cached: 0, why: '' }],
});

describe('metrics', () => {
  let metrics: ReturnType<typeof prometheusMetrics>;
  let bus: InProcessBus;
  beforeEach(() => {
    metrics = prometheusMetrics(orchestrator);
    bus = new InProcessBus();
  });
  const samples = async (name: string): Promise<string[]> =>
    (await metrics.registry.metrics())
      .split('\n')
      .filter((line) => line.startsWith(name) && !line.endsWith(' 0'))
      .map((line) => line.slice(name.length));

  it('count the jobs of a run by the state each is in', async () => {
    const events = [
      ...[runStarted(9), queuedEvent('a'), queuedEvent('b'), queuedEvent('c'), queuedEvent('d')],
      ...[startedEvent('a'), epochEvent('a', 1), doneEvent('a'), startedEvent('b'), startedEvent('c')],
      ...[retriedEvent('c'), cachedEvent('e'), startedEvent('d'), failedEvent('d'), skippedEvent('f')],
    ];
    events.forEach((body, second) => metrics.event(at(second, body)));
    const count = (state: string, jobs: number): string => `{stage="stage3",state="${state}"} ${jobs}`;
    expect(await samples('haf_run_jobs')).toEqual([
      ...[count('waiting', 3), count('queued', 1), count('running', 1), count('done', 1)],
      ...[count('cached', 1), count('failed', 1), count('skipped', 1)],
    ]);
    metrics.event(at(100, runStarted(2)));
    expect(await samples('haf_run_jobs')).toEqual([count('waiting', 2)]);
  });

  it('tell how long jobs waited for a worker, each time they came into the queue', async () => {
    metrics.event(at(0, queuedEvent('a')));
    metrics.event(at(20, startedEvent('a')));
    // The worker of this job vanished. The second start must not count as a waiting time in the queue.
    metrics.event(at(80, startedEvent('a')));
    metrics.event(at(100, retriedEvent('a')));
    metrics.event(at(103, startedEvent('a')));
    const wait = 'haf_run_job_wait_seconds';
    expect(await samples(`${wait}_count`)).toEqual(['{stage="stage3"} 2']);
    expect(await samples(`${wait}_sum`)).toEqual(['{stage="stage3"} 23']);
  });

  it('count what a worker holds and settles', async () => {
    const [gpu, cpu] = [testJob('a'), testJob('b', { class: 'cpu', stage: 'evaluate' })];
    const { worker } = metrics;
    worker.joined?.(testMember({ slots: { cpu: 4, gpu: 1 } }));
    worker.holding?.([gpu, cpu]);
    worker.checkpoint?.(gpu);
    const times = { attempt: 1, seconds: 9, readSeconds: 2, computeSeconds: 6 };
    worker.settled?.(gpu, { outcome: 'committed', ...times });
    worker.settled?.(gpu, { outcome: 'retried', attempt: 1, seconds: 1 });
    expect(await samples('haf_worker_slots')).toEqual(['{class="cpu"} 4', '{class="gpu"} 1']);
    expect(await samples('haf_worker_jobs{')).toEqual(['class="cpu"} 1', 'class="gpu"} 1']);
    expect(await samples('haf_worker_jobs_settled_total')).toEqual([
      '{stage="stage3",outcome="committed"} 1',
      '{stage="stage3",outcome="retried"} 1',
    ]);
    expect(await samples('haf_worker_job_read_seconds_sum')).toEqual(['{stage="stage3"} 2']);
    expect(await samples('haf_worker_job_compute_seconds_count')).toEqual(['{stage="stage3"} 1']);
    expect(await samples('haf_worker_checkpoints_total')).toEqual([' 1']);
    worker.holding?.([]);
    expect(await samples('haf_worker_jobs{')).toEqual([]);
  });

  it('ask the broker for its queues and workers', async () => {
    metrics.on(bus);
    await bus.enqueue(testJob('a'));
    await bus.join(testMember({ classes: ['gpu', 'cpu'] }));
    await bus.join(testMember({ id: 'draining', classes: [] }));
    expect(await samples('haf_queue_jobs')).toEqual(['{class="gpu",state="waiting"} 1']);
    expect(await samples('haf_queue_workers')).toEqual(['{class="cpu"} 1', '{class="gpu"} 1']);
    expect(await samples('haf_broker_connected')).toEqual([' 1']);
    expect(await metrics.registry.metrics()).toContain('haf_dead_letters 0');
  });

  it('leave out what a broker does not tell that is away, fails or hangs', async () => {
    const connection = new BehaviorSubject<ConnectionState>('connected');
    const load: { answer: Bus['load'] } = { answer: bus.load.bind(bus) };
    const watched = Object.assign(Object.create(bus) as InProcessBus, {
      connection,
      load: () => load.answer(),
    });
    metrics.on(watched);
    const told = async (): Promise<boolean> => {
      const text = await metrics.registry.metrics();
      expect(text.includes('haf_queue_jobs{')).toBe(text.includes('\nhaf_dead_letters '));
      return text.includes('haf_queue_jobs{');
    };
    expect(await told()).toBe(true);
    load.answer = () => Promise.reject(new Error('a test'));
    expect(await told()).toBe(false);
    load.answer = () => new Promise(() => undefined);
    expect(await told()).toBe(false);
    connection.next('away');
    load.answer = bus.load.bind(bus);
    expect(await told()).toBe(false);
    expect(await metrics.registry.metrics()).toContain('haf_broker_connected 0');
    connection.next('connected');
    expect(await told()).toBe(true);
  });
});

describe('docs/observability.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/observability.md'), 'utf8');
  interface Described {
    readonly name: string;
    readonly type: string;
    readonly labels: readonly string[];
  }
  const byName = (a: Described, b: Described): number => (a.name < b.name ? -1 : 1);
  const registered = (observed: Observed): Described[] => {
    const { registry, on } = prometheusMetrics(observed);
    on(new InProcessBus());
    return (registry.getMetricsAsArray() as unknown as (Described & { labelNames: readonly string[] })[])
      .filter(({ name }) => name.startsWith('haf_'))
      .map((metric) => ({
        name: metric.name,
        type: metric.constructor.name.toLowerCase(),
        labels: [...metric.labelNames].sort(),
      }))
      .sort(byName);
  };
  const rows = [...page.matchAll(/^\| `(haf_\w+)` \| (\w+) \|([^|]*)\| (both|orchestrator) \|/gm)];
  const described = (of: string): Described[] =>
    rows
      .filter(([, , , , who]) => of === 'orchestrator' || who === 'both')
      .map(([, name = '', type = '', labels = '']) => ({
        ...{ name, type },
        labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label).sort(),
      }))
      .sort(byName);

  it('describes the metrics that there are, with their types and labels', () => {
    expect(described('orchestrator')).toEqual(registered(orchestrator));
    expect(described('worker')).toEqual(registered({ role: 'worker', version: '0.1.0' }));
  });

  it('has rules of metrics and streams that exist', () => {
    const blocks = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block = '']) => block);
    expect(blocks.length).toBe(3);
    for (const block of blocks) expect(parseAllDocuments(block).flatMap(({ errors }) => errors)).toEqual([]);
    const known = registered(orchestrator).map(({ name }) => name);
    const used = [...blocks.join('').matchAll(/haf_\w+/g)].map(([name]) => name);
    expect(used.length).toBeGreaterThan(5);
    for (const name of used) expect(known).toContain(name);
    const streams = [...blocks.join('').matchAll(/stream_name="(\w+)"/g)].map(([, name]) => name);
    expect(new Set(streams)).toEqual(new Set([deadLetterStream, jobStream]));
  });
});
