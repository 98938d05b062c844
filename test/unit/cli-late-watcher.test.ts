import { describe, expect, it } from 'vitest';
import { InProcessBus } from '../../src/pipeline/bus/in-process.js';
import type { BusMember } from '../../src/pipeline/bus/member.js';
import { followDriver, followWorkers } from '../../src/pipeline/cli/follow-workers.js';
import { deadLetterLines } from '../../src/pipeline/cli/status.js';
import { rendererFor } from '../../src/pipeline/cli/render/renderer.js';
import { workersText } from '../../src/pipeline/cli/render/view-lines.js';
import type { RunEvent } from '../../src/pipeline/run-event.js';
import { doneEvent } from '../support/job-events.js';

const at = { v: 1, id: 'x', at: '2026-01-01T00:00:00.000Z' } as const;
const begun: RunEvent = {
  ...{ ...at, seq: 1, type: 'run-started', run: 'r', session: 's', workers: 1, bus: 'NATS' },
  ...{ methods: [], folds: 1, plan: [{ stage: 'stage3', jobs: 3, cached: 0, why: '' }] },
};
const done = (name: string, seq: number): RunEvent => ({ ...at, ...doneEvent(name), id: name, seq });
const watcher = () => {
  const lines: string[] = [];
  // The renderer that `watch` uses, with all its wrappers.
  const renderer = rendererFor(false, { write: (text) => lines.push(text) });
  return { lines, renderer };
};

describe('who watches a run from its middle on', () => {
  it('sees how many jobs there are and have ended, and nothing of what was before', () => {
    const { lines, renderer } = watcher();
    for (const event of [begun, done('a', 2)]) renderer.past?.(event);
    expect(lines).toEqual([]);
    renderer.event(done('b', 3));
    expect(lines.join('')).toMatch(/^\[2\/3\] /);
  });

  it('hears of a stage of very many files by its percentages', () => {
    const { lines, renderer } = watcher();
    const jobs = 2000;
    if (begun.type !== 'run-started') throw new Error('not the beginning');
    renderer.past?.({ ...begun, plan: [{ stage: 'stage3', jobs, cached: 0, why: '' }] });
    renderer.elsewhere?.(2);
    for (let seq = 2; seq <= jobs + 1; seq++) renderer.event(done(`job-${seq}`, seq));
    expect(lines).toHaveLength(101);
    expect(lines[0]).toMatch(/^r: .*2 elsewhere/);
    expect(lines.at(-1)).toBe(`[${jobs}/${jobs}] stage3: ${jobs} of ${jobs}\n`);
  });

  it('is not told [0/0] when the beginning is gone from the broker', () => {
    const { lines, renderer } = watcher();
    renderer.past?.(done('a', 2));
    renderer.event(done('b', 3));
    expect(lines.join('')).toMatch(/^\[2\] /);
  });
});

describe('workers that come and go', () => {
  const member = (id: string, gpu: number, run: string | null = null): BusMember => ({
    ...{
      v: 1,
      id,
      role: run ? 'orchestrator' : 'worker',
      host: 'h',
      pid: 1,
      codeVersion: '1.0.0',
      node: 'v20',
    },
    ...{ backend: 'wasm', classes: ['cpu', 'gpu'], slots: { cpu: 2, gpu }, run, state: 'working', jobs: [] },
    since: at.at,
  });

  it('are counted as they are, without those of the run itself', async () => {
    const bus = new InProcessBus();
    const counts: number[] = [];
    const until = async (count: number): Promise<void> => {
      while (counts.at(-1) !== count) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await bus.join(member('up', 1, 'r'));
    const stop = followWorkers(bus, 'r', (count) => counts.push(count), 5);
    await until(0);
    const [one] = [await bus.join(member('a', 2)), await bus.join(member('b', 3))];
    await until(5);
    await one.update({ state: 'draining', classes: [] });
    await until(3);
    stop();
    expect(counts[0]).toBe(0);
  });

  it('may be all that is left: who watches hears that the run itself is gone, and that it is back', async () => {
    const bus = new InProcessBus();
    const told: boolean[] = [];
    const until = async (count: number): Promise<void> => {
      while (told.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    const up = await bus.join(member('up', 0, 'r'));
    await bus.join(member('a', 1));
    await bus.join(member('up-of-another', 1, 'other'));
    const stop = followDriver(bus, 'r', (there) => told.push(there), 5);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(told).toEqual([]);
    await up.leave();
    await until(1);
    await bus.join(member('up-again', 0, 'r'));
    await until(2);
    stop();
    expect(told).toEqual([false, true]);
  });

  it('are in the headline and, as they change, in a log', () => {
    expect(workersText({ workers: 1, elsewhere: 0 })).toBe('1 worker');
    expect(workersText({ workers: 1, elsewhere: 4 })).toBe('1 worker, 4 elsewhere');
    expect(workersText({ workers: 0, elsewhere: 4 })).toBe('4 workers elsewhere');
    const { lines, renderer } = watcher();
    renderer.event(begun);
    for (const count of [0, 2, 2, 0]) renderer.elsewhere?.(count);
    expect(lines.slice(1)).toEqual(['r: 1 worker, 2 elsewhere\n', 'r: 1 worker\n']);
  });
});

it('dead letters are explained: what they are, where the reasons are, how to empty them', () => {
  const text = deadLetterLines(2).join('\n');
  for (const word of ['2 messages', 'given up', 'failures RUN', 'nats stream view HAF_DLQ', 'purge HAF_DLQ'])
    expect(text).toContain(word);
});
