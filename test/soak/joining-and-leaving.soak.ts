import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { rng, type Rng } from '../../src/pipeline/core/rng.js';
import type { ConfigInput } from '../../src/pipeline/config/schema.js';
import { FaultBench } from '../support/fault-bench.js';
import { eventsOf, expectOnce, outcomeOf, typed, undisturbedOutcome } from '../support/fault-runs.js';
import { natsServer } from '../support/nats-server.js';
import type { Running } from '../support/processes.js';

const seed = Number(process.env['HAF_SOAK_SEED'] ?? 1);
const minutes = 3;
/** Number of workers that start and end at random. One more worker runs the whole time. */
const places = 19;
const livesSeconds = [10, 70] as const;
const awaySeconds = [1, 10] as const;
/**
 * With 20 workers on two cores, this experiment takes longer than the soak test, so that workers join and leave during
 * a run.
 */
const experiment: Partial<ConfigInput> = {
  cv: { folds: 10 },
  train: { epochs: 400, patience: 400, lr: 1e-3, batch: 16 },
};

/** Resident memory of a process in MiB; null when it has ended. */
function rssOf({ pid }: Running): number | null {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? null : Math.round(Number(kib) / 1024);
  } catch {
    return null;
  }
}

/** The end of a worker: the signal that it got, whether it was ready before the signal, and its exit code. */
interface Leave {
  readonly signal: NodeJS.Signals;
  readonly ready: boolean;
  readonly code: number | null;
}

/** Starts one worker after another until the test ends. Each worker ends in a randomly drawn way. */
async function comeAndGo(bench: FaultBench, draw: Rng, over: AbortSignal, left: Leave[]): Promise<void> {
  const between = ([from, to]: readonly [number, number]): number =>
    1000 * (from + draw.uniform() * (to - from));
  const pause = (ms: number): Promise<unknown> =>
    sleep(ms, undefined, { signal: over }).catch(() => undefined);
  while (!over.aborted) {
    await pause(between([0, 2 * awaySeconds[1]]));
    if (over.aborted) return;
    const worker = bench.worker(['--slots', '1', '--grace', '5']);
    await pause(between(livesSeconds));
    const signal = draw.int(2) === 0 ? 'SIGKILL' : 'SIGTERM';
    const ready = worker.said.includes('worker ready');
    worker.kill(signal);
    left.push({ signal, ready, code: (await worker.ended).code });
    await pause(between(awaySeconds));
  }
}

describe.skipIf(natsServer === null)('20 workers that join and leave at random', () => {
  let bench: FaultBench;
  afterEach(() => bench.end());

  it(`for ${minutes} minutes leave no trace in the results, and memory stays flat`, async () => {
    bench = await FaultBench.withServer(experiment, { hardSeconds: 900 });
    const up = bench.up();
    const steady = bench.worker(['--slots', '1']);
    const over = new AbortController();
    const left: Leave[] = [];
    setMaxListeners(0, over.signal);
    const coming = Array.from({ length: places }, (_, place) =>
      comeAndGo(bench, rng(seed, `soak/${place}`), over.signal, left),
    );
    const ended = up.ended.then(() => over.abort());
    const memory: (readonly [number | null, number | null])[] = [];
    for (let minute = 1; minute <= minutes; minute++) {
      await Promise.race([ended, sleep(60_000)]);
      memory.push([rssOf(up), rssOf(steady)]);
      console.log(
        `minute ${minute}: orchestrator ${memory.at(-1)?.[0]} MiB, runner ${memory.at(-1)?.[1]} MiB`,
      );
    }
    over.abort();
    await Promise.all(coming);
    bench.worker(['--slots', '1']);
    expect((await up.ended).code).toBe(0);
    const events = eventsOf(bench.folder);
    const [jobs, begun] = (['job-done', 'job-started'] as const).map((type) => typed(events, type).length);
    const [killed, told] = (['SIGKILL', 'SIGTERM'] as const).map((by) =>
      left.filter(({ signal, ready }) => signal === by && ready),
    );
    console.log(
      `seed ${seed}: ${killed?.length} workers killed, ${told?.length} told to leave; ${jobs} jobs, begun ${begun} times`,
    );
    expect(told?.filter(({ code }) => code !== 0)).toEqual([]);
    expectOnce(bench.folder);
    expect(outcomeOf(bench.folder)).toEqual(await undisturbedOutcome(experiment));
    for (const which of [0, 1] as const) {
      const [first, , last] = memory.map((at) => at[which]);
      if (typeof first === 'number' && typeof last === 'number') expect(last).toBeLessThan(first * 1.5);
    }
  });
});
