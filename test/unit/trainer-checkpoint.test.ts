import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileStore } from '../../src/pipeline/store/file-store.js';
import { decodeCheckpoint } from '../../src/workers/checkpoint-file.js';
import { executeJob, type JobResult } from '../../src/workers/execute-job.js';
import type { JobControl } from '../../src/workers/executor.js';
import type * as TrainerModule from '../../src/workers/trainer.js';
import type { Work } from '../../src/workers/work.js';
import { childrenOf } from '../support/cli.js';
import { frozenEmbeddings } from '../support/frozen-embeddings.js';
import { miniConfig } from '../support/mini-cohort.js';
import { storedJob } from '../support/stored-job.js';

// The built script, because a trainer is a process that runs JavaScript.
const built = pathToFileURL(join(import.meta.dirname, '../../dist/src/workers/trainer.js')).href;
const { Trainer } = (await import(built)) as typeof TrainerModule;

const every = 5;
const epochs = 150;
const inputs = frozenEmbeddings(60);
const never = new AbortController().signal;
const config = {
  ...miniConfig,
  fusion: { ...miniConfig.fusion, dropout: 0.2 },
  train: { ...miniConfig.train, epochs, patience: epochs },
};

describe('a training process', () => {
  let root: string;
  let store: FileStore;
  let job: Work;
  let trainers: InstanceType<typeof Trainer>[];
  const trainer = (codeVersion = '1.0.0', backend = 'wasm'): InstanceType<typeof Trainer> => {
    const made = new Trainer({
      gpu: null,
      threads: 1,
      jobs: 1,
      backend,
      codeVersion,
      checkpointEpochs: every,
    });
    trainers.push(made);
    return made;
  };
  /** Runs the job. Returns also the reported epochs, and the epochs after which a checkpoint was stored. */
  const run = async (
    by: InstanceType<typeof Trainer>,
    control: Partial<JobControl> = {},
  ): Promise<{ result: unknown; reported: number[]; kept: number[] }> => {
    const [reported, kept]: number[][] = [[], []];
    const result: unknown = await by
      .run(job, {
        signal: never,
        pause: never,
        ...control,
        onEpoch: (progress) => {
          reported?.push(progress.epoch);
          control.onEpoch?.(progress);
        },
        onCheckpoint: (epoch) => {
          kept?.push(epoch);
          control.onCheckpoint?.(epoch);
        },
      })
      .catch((error: unknown) => error);
    return { result, reported: reported ?? [], kept: kept ?? [] };
  };
  const filesOf = (result: unknown): JobResult['files'] => (result as JobResult).files;
  /** The last epoch that the checkpoint in the store contains. */
  const keptEpoch = async (): Promise<number> => {
    const bytes = await store.checkpoint(job.artifact);
    const state = bytes && decodeCheckpoint(bytes)?.snapshot.state;
    return (state as { epochs: unknown[] }).epochs.length;
  };

  beforeEach(async () => {
    trainers = [];
    root = mkdtempSync(join(tmpdir(), 'haf-checkpoint-'));
    store = new FileStore(root);
    job = await storedJob(store, 'stage3', { config, unit: { fold: 0, method: 'haf' }, inputs });
  });
  afterEach(() => Promise.all(trainers.map((made) => made.close())));

  /** The files of the job without any interruption. */
  const undisturbed = async (): Promise<JobResult['files']> => {
    const { result, reported, kept } = await run(trainer());
    expect(reported).toEqual(Array.from({ length: epochs }, (_, i) => i + 1));
    expect(kept).toEqual(reported.filter((epoch) => epoch % every === 0 && epoch < epochs));
    await store.dropCheckpoint(job.artifact);
    return filesOf(result);
  };

  it('killed after a checkpoint goes on from it as another process, to the same bytes', async () => {
    const wanted = await undisturbed();
    const before = childrenOf(process.pid);
    const first = await run(trainer(), {
      onCheckpoint: (epoch) => {
        if (epoch !== 3 * every) return;
        for (const pid of childrenOf(process.pid)) if (!before.includes(pid)) process.kill(pid, 'SIGKILL');
      },
    });
    expect(first.result).toMatchObject({ code: 'HAF_WORKER_DIED' });
    const epoch = await keptEpoch();
    expect(epoch).toBeGreaterThanOrEqual(3 * every);
    const second = await run(trainer());
    expect(second.reported[0]).toBe(epoch + 1);
    expect(filesOf(second.result)).toEqual(wanted);
  });

  it('asked to pause keeps its state after the epoch under way, and goes on from it', async () => {
    const wanted = await undisturbed();
    const pause = new AbortController();
    const first = await run(trainer(), {
      pause: pause.signal,
      onEpoch: ({ epoch }) => epoch === 2 * every + 1 && pause.abort(),
    });
    expect(first.result).toMatchObject({ code: 'HAF_INTERRUPTED' });
    const epoch = await keptEpoch();
    expect(first.reported.at(-1)).toBe(epoch);
    expect(first.kept.at(-1)).toBe(epoch);
    const second = await run(trainer());
    expect(second.reported[0]).toBe(epoch + 1);
    expect(filesOf(second.result)).toEqual(wanted);
  });

  it('asked to pause at once computes one epoch at most', async () => {
    const { result, reported } = await run(trainer(), { pause: AbortSignal.abort() });
    expect(result).toMatchObject({ code: 'HAF_INTERRUPTED' });
    expect(reported.length).toBeLessThanOrEqual(1);
  });

  it('ends no job while a checkpoint of it is being written', async () => {
    const save = store.saveCheckpoint.bind(store);
    let writing = 0;
    store.saveCheckpoint = async (id, bytes) => {
      writing++;
      await new Promise((resolve) => setTimeout(resolve, 50));
      await save(id, bytes);
      writing--;
    };
    const short = { ...config, train: { ...config.train, epochs: every + 1 } };
    const unit = { fold: 0, method: 'haf' };
    const kept: number[] = [];
    await executeJob(await storedJob(store, 'stage3', { config: short, unit, inputs }), store, {
      ...{ signal: never, pause: never, codeVersion: '1.0.0', checkpointEpochs: every },
      onEpoch: () => undefined,
      onCheckpoint: (epoch) => kept.push(epoch),
    });
    expect(kept).toEqual([every]);
    expect(writing).toBe(0);
  });

  describe('starts over', () => {
    /** Stops the job after a checkpoint. */
    const interrupt = async (): Promise<Uint8Array> => {
      const pause = new AbortController();
      await run(trainer(), { pause: pause.signal, onCheckpoint: () => pause.abort() });
      return (await store.checkpoint(job.artifact)) as Uint8Array;
    };
    const firstEpoch = async (by: InstanceType<typeof Trainer>): Promise<number | undefined> => {
      const stop = new AbortController();
      return (await run(by, { signal: stop.signal, onEpoch: () => stop.abort() })).reported[0];
    };

    it('from a torn checkpoint, and not from a whole one', async () => {
      const bytes = await interrupt();
      const epoch = await keptEpoch();
      await store.saveCheckpoint(job.artifact, bytes.subarray(0, bytes.length - 1));
      expect(await firstEpoch(trainer())).toBe(1);
      await store.saveCheckpoint(job.artifact, bytes);
      expect(await firstEpoch(trainer())).toBe(epoch + 1);
    });

    it('from a checkpoint of another code version', async () => {
      await interrupt();
      expect(await firstEpoch(trainer('1.0.1'))).toBe(1);
    });

    it('from a checkpoint of another backend', async () => {
      await interrupt();
      expect(await firstEpoch(trainer('1.0.0', 'cpu'))).toBe(1);
    });
  });
});
