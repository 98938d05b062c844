/**
 * Memory of `up --page` while 20 clients watch and 200 events a second arrive. Runs a real `up` with a broker. The jobs
 * of its worker publish epochs and never end. Prints the resident memory and the CPU time of `up`. Needs the built code
 * and a nats-server.
 *
 * Run with: HAF_BENCH_MINUTES=10 npx vitest run --config test/bench/vitest.config.mjs test/bench/page-up.bench.ts
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { joinBus } from '../../src/pipeline/bus/nats/connect-bus.js';
import { packageVersion } from '../../src/pipeline/cli/version.js';
import type { RunEvent } from '../../src/pipeline/run-event.js';
import { FaultBench } from '../support/fault-bench.js';

const minutes = Number(process.env.HAF_BENCH_MINUTES ?? 2);
const [watchers, eventsPerSecond, lanes] = [20, 200, 12];
let bench: FaultBench;
afterAll(() => bench.end());

interface Usage {
  readonly mib: number;
  readonly cpuSeconds: number;
}
function usageOf(pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const times = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return {
    mib: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024),
    cpuSeconds: (Number(times[11]) + Number(times[12])) / 100,
  };
}

it('up stays as small as it was', { timeout: (minutes + 5) * 60_000 }, async () => {
  const methods = ['haf', 'blood', 'all_mlp'] as const;
  bench = await FaultBench.withServer(
    { methods: [...methods], cv: { folds: 5 } },
    { hardSeconds: (minutes + 4) * 60 },
  );
  await bench.prepare();
  const { nats } = bench;
  const servers = [(nats?.url ?? '').replace('nats://', '')];
  const bus = await joinBus({ servers, auth: { kind: 'none' }, tls: null, origin: 'bench' }, 'worker');
  if (bus === null) throw new Error('no streams on the broker');
  const sleeping = join(import.meta.dirname, 'sleeping-worker.mjs');
  const asked = [String(nats?.port), bench.store, String(2 ** 31 - 1), packageVersion(), String(lanes)];
  const endless = bench.processes.start(asked, { cwd: bench.folder, entry: sleeping });
  const up = bench.up(['--page']);
  await up.says(/page: http:\S+/);
  void up.ended.then(({ code }) => {
    if (code !== null) console.log(`up ended with ${code}: ${up.said.slice(-1500)}`);
  });
  const { origin } = new URL(/page: (http:\S+)/.exec(up.said)?.[1] ?? '');
  const begun = await up.event(({ type }) => type === 'run-started');
  const run = begun.type === 'run-started' ? begun.run : '';
  await up.event(
    ({ type, ...event }) => type === 'job-started' && 'stage' in event && event.stage === 'stage1',
  );
  await sleep(2000);
  const jobs = up
    .events()
    .filter((event): event is Extract<RunEvent, { type: 'job-started' }> => event.type === 'job-started')
    .filter(({ worker }) => worker === `w-${endless.pid}`);
  expect(jobs.length).toBeGreaterThan(4);

  const leaving = new AbortController();
  const bytes = { read: 0 };
  const watching = Array.from({ length: watchers }, async () => {
    const { body } = await fetch(`${origin}/api/runs/${run}/stream`, { signal: leaving.signal });
    const counted = new WritableStream<Uint8Array>({
      write: (chunk) => void (bytes.read += chunk.byteLength),
    });
    await body?.pipeTo(counted).catch(() => undefined);
  });
  const start = performance.now();
  const before = usageOf(up.pid);
  const seen: string[] = [];
  const marks = [0.5, 1, 2, 5, 10].filter((minute) => minute <= minutes);
  const sizes = new Map<number, number>();
  for (let told = 0; performance.now() - start < minutes * 60_000;) {
    const elapsed = performance.now() - start;
    const due = Math.floor((elapsed / 1000) * eventsPerSecond);
    const batch: Promise<string>[] = [];
    for (; told < due; told++) {
      const { job, stage, unit, artifact } = jobs[told % jobs.length]!;
      const epoch = 1 + Math.floor(told / jobs.length);
      const metrics = { loss: 1 / epoch, valLoss: 2 / epoch, valAuc: 0.5 };
      const body = {
        type: 'job-epoch',
        job,
        stage,
        unit,
        artifact,
        epoch,
        epochs: 100_000,
        metrics,
      } as const;
      batch.push(bus.publish(run, body));
    }
    await Promise.all(batch);
    const mark = marks.find((minute) => !sizes.has(minute) && elapsed >= minute * 60_000 - 100);
    if (mark !== undefined) {
      const { mib, cpuSeconds } = usageOf(up.pid);
      sizes.set(mark, mib);
      seen.push(`${mark} min: ${mib} MiB`);
      console.log(
        `${mark} min: ${mib} MiB, ${((100 * (cpuSeconds - before.cpuSeconds)) / (elapsed / 1000)).toFixed(0)} % of a core, ${told} events, ${(bytes.read / 2 ** 20 / watchers).toFixed(1)} MiB to each watcher`,
      );
    }
    await sleep(20);
  }
  console.log(
    `up --page, ${watchers} watchers, ${eventsPerSecond} events/s, ${jobs.length} running jobs; at first ${before.mib} MiB; ${seen.join(', ')}`,
  );
  leaving.abort();
  await Promise.all(watching);
  await bus.close();
  const last = [...sizes.values()].at(-1) ?? Infinity;
  expect(last).toBeLessThan((sizes.get(2) ?? before.mib) + 100);
});
