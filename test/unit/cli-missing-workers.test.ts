import { describe, expect, it } from 'vitest';
import { InProcessBus } from '../../src/pipeline/bus/in-process.js';
import type { BusMember } from '../../src/pipeline/bus/member.js';
import { noteMissingWorkers } from '../../src/pipeline/cli/missing-workers.js';
import { testJob } from '../support/jobs.js';

const member: BusMember = {
  ...{ v: 1, id: 'up', role: 'orchestrator', host: 'h', pid: 1, codeVersion: '1.0.0', node: 'v20.19.0' },
  ...{ backend: 'wasm', classes: ['cpu'], slots: { cpu: 2, gpu: 0 }, run: 'run-1', state: 'working' },
  ...{ jobs: [], since: '2026-01-01T00:00:00.000Z' },
};
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('jobs that wait for a worker nobody has started', () => {
  it('are told of once, and not while somebody takes them', async () => {
    const bus = new InProcessBus();
    const notes: string[] = [];
    await bus.join(member);
    await bus.enqueue(testJob('served', { class: 'cpu' }));
    const stop = noteMissingWorkers(bus, (text) => notes.push(text), 10);
    await sleep(60);
    expect(notes).toEqual([]);
    await bus.enqueue(testJob('waits'));
    await sleep(100);
    expect(notes).toEqual(['no worker takes gpu jobs: start "haf-pipeline worker --class gpu"']);
    stop();
  });
});
