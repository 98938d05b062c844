import type { StageCode, StageOutput, EpochProgress } from '../../src/pipeline/stage.js';
import type { Streams } from '../../src/pipeline/core/streams.js';
import type { ArtifactStore } from '../../src/pipeline/store/store.js';
import { JobCheckpoints, type CheckpointOptions } from '../../src/workers/job-checkpoints.js';
import { testJob } from './jobs.js';
import { runStage, type StageRun } from './run-stage.js';

/** Keeps checkpoints in memory, in place of a store. */
export class CheckpointMemory implements Pick<ArtifactStore, 'checkpoint' | 'saveCheckpoint'> {
  readonly kept = new Map<string, Uint8Array>();

  checkpoint(id: string): Promise<Uint8Array | null> {
    return Promise.resolve(this.kept.get(id) ?? null);
  }

  saveCheckpoint(id: string, bytes: Uint8Array): Promise<void> {
    this.kept.set(id, bytes);
    return Promise.resolve();
  }
}

export const checkpointOptions = (changes: Partial<CheckpointOptions> = {}): CheckpointOptions => ({
  codeVersion: '1.0.0',
  checkpointEpochs: 1_000_000,
  signal: new AbortController().signal,
  pause: new AbortController().signal,
  onCheckpoint: () => undefined,
  ...changes,
});

/** Checkpoints in `memory` for a job that is asked to pause in a given epoch. */
export const pausedIn =
  (epoch: number, memory: CheckpointMemory) =>
  (streams: Streams): JobCheckpoints => {
    const controller = new AbortController();
    const options = checkpointOptions({ pause: controller.signal });
    const checkpoints = new JobCheckpoints(testJob('job'), memory, streams, options);
    const offer = checkpoints.offer.bind(checkpoints);
    checkpoints.offer = (at, snapshot) => {
      if (at === epoch) controller.abort();
      return offer(at, snapshot);
    };
    return checkpoints;
  };

/** Checkpoints in `memory` for a job that is never interrupted. */
export const keptIn =
  (memory: CheckpointMemory) =>
  (streams: Streams): JobCheckpoints =>
    new JobCheckpoints(testJob('job'), memory, streams, checkpointOptions());

/** Pauses a stage in an epoch and continues it in a new context. */
export async function runWithPause(
  code: StageCode,
  run: StageRun,
  epoch: number,
): Promise<{ readonly paused: unknown; readonly output: StageOutput; readonly progress: EpochProgress[] }> {
  const memory = new CheckpointMemory();
  const paused: unknown = await runStage(code, { ...run, checkpoints: pausedIn(epoch, memory) }).catch(
    (error: unknown) => error,
  );
  return { paused, ...(await runStage(code, { ...run, checkpoints: keptIn(memory) })) };
}

/** The files of an artifact as they are stored, to be compared byte by byte. */
export const storedFiles = ({ files }: StageOutput): Record<string, string> =>
  Object.fromEntries(
    Object.entries(files).map(([name, data]) => [
      name,
      data instanceof Uint8Array ? Buffer.from(data).toString('base64') : JSON.stringify(data),
    ]),
  );
