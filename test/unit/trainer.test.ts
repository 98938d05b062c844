import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/pipeline/core/canonical-json.js';
import { pickConfig } from '../../src/pipeline/plan.js';
import { stages } from '../../src/pipeline/stages.js';
import type * as TrainerModule from '../../src/workers/trainer.js';
import type { Work } from '../../src/workers/work.js';
import { childrenOf } from '../support/cli.js';
import { testConfig, testJob } from '../support/jobs.js';

// The built script, because a trainer is a process that runs JavaScript.
const built = pathToFileURL(join(import.meta.dirname, '../../dist/src/workers/trainer.js')).href;
const { Trainer } = (await import(built)) as typeof TrainerModule;

const never = new AbortController().signal;
const until = async (met: () => boolean): Promise<void> => {
  while (!met()) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe('a trainer process', () => {
  let trainer: InstanceType<typeof Trainer>;
  let job: Work;
  let before: readonly number[];
  const started = (): number[] => childrenOf(process.pid).filter((pid) => !before.includes(pid));
  const run = (signal = never): Promise<readonly string[]> =>
    trainer
      .run(job, { signal, pause: never, onEpoch: () => undefined, onCheckpoint: () => undefined })
      .then(({ files }) => files.map(({ name }) => name));

  beforeEach(() => {
    const folder = mkdtempSync(join(tmpdir(), 'haf-trainer-'));
    const path = join(folder, 'targets.csv');
    const text = 'patient_id,survival_status,survival_status_with_cause\n1,living,living\n';
    writeFileSync(path, text);
    const targets = { role: 'outcome', name: 'targets.csv', path, sha256: sha256(text) };
    const config = pickConfig(
      testConfig({ data: { outcome: { time: null } } }),
      stages.outcome.reads({}),
    ) as Work['config'];
    job = {
      ...testJob('outcome', { stage: 'outcome', unit: {}, sources: [targets] }),
      ...{ config, inputs: [], root: join(folder, 'store') },
    };
    trainer = new Trainer({
      backend: '',
      gpu: null,
      threads: 1,
      jobs: 1,
      codeVersion: '1',
      checkpointEpochs: 1,
    });
    before = childrenOf(process.pid);
  });
  afterEach(() => trainer.close());

  it('serves one job after the other', async () => {
    expect(await run()).toEqual(['outcome.json']);
    const [pid] = started();
    expect(await run()).toEqual(['outcome.json']);
    expect(started()).toEqual([pid]);
  });

  it('computes several jobs at once in one process, and stops the one that is meant', async () => {
    const stop = new AbortController();
    const stopped = run(stop.signal).catch((error: unknown) => (error as { code?: unknown }).code);
    const others = [run(), run()];
    stop.abort();
    expect(await stopped).toBe('HAF_INTERRUPTED');
    expect(await Promise.all(others)).toEqual([['outcome.json'], ['outcome.json']]);
    expect(started()).toHaveLength(1);
  });

  it('is started anew when it was killed between two jobs', async () => {
    await run();
    const [pid = 0] = started();
    process.kill(pid, 'SIGKILL');
    await until(() => !started().includes(pid));
    expect(await run()).toEqual(['outcome.json']);
    expect(started()).not.toContain(pid);
  });

  it('fails a job sent in the very moment it dies, and takes the next one', async () => {
    await run();
    process.kill(started()[0] ?? 0, 'SIGKILL');
    const aborted = AbortSignal.abort();
    await expect(run(aborted)).rejects.toMatchObject({ code: 'HAF_WORKER_DIED', retryable: true });
    expect(await run()).toEqual(['outcome.json']);
  });

  it('fails the job and does not hang when no process can be started', async () => {
    const { execPath } = process;
    process.execPath = '/nowhere/node';
    try {
      await expect(run()).rejects.toMatchObject({ code: 'HAF_WORKER_DIED' });
      await trainer.close();
    } finally {
      process.execPath = execPath;
    }
    expect(await run()).toEqual(['outcome.json']);
  });

  it('leaves the runner alone when the process group is asked to end', async () => {
    await run();
    const [pid = 0] = started();
    process.kill(pid, 'SIGTERM');
    process.kill(pid, 'SIGINT');
    expect(await run()).toEqual(['outcome.json']);
    expect(started()).toEqual([pid]);
  });
});
