import type { Job } from '../pipeline/bus/job.js';
import type { Streams } from '../pipeline/core/streams.js';
import type { Checkpoints, TrainingSnapshot } from '../pipeline/stage.js';
import type { ArtifactStore } from '../pipeline/store/store.js';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint-file.js';
import { interrupted, type JobControl } from './executor.js';

export interface CheckpointOptions extends Omit<JobControl, 'onEpoch'> {
  readonly codeVersion: string;
  /** Number of epochs between two checkpoints. */
  readonly checkpointEpochs: number;
}

/** The checkpoint of one job, in the store. */
export class JobCheckpoints implements Checkpoints {
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly job: Job,
    private readonly store: Pick<ArtifactStore, 'checkpoint' | 'saveCheckpoint'>,
    private readonly streams: Streams,
    private readonly options: CheckpointOptions,
  ) {}

  async resume(take: (snapshot: TrainingSnapshot) => boolean): Promise<void> {
    const { artifact } = this.job;
    // An unreadable checkpoint does not fail the job. The job starts from the first epoch.
    const bytes = await this.store.checkpoint(artifact).catch(() => null);
    const found = bytes && decodeCheckpoint(bytes);
    if (found?.artifact !== artifact || found.codeVersion !== this.options.codeVersion) return;
    if (take(found.snapshot)) this.streams.restore(found.streams);
  }

  async offer(epoch: number, snapshot: () => TrainingSnapshot): Promise<void> {
    const { codeVersion, checkpointEpochs, pause, signal } = this.options;
    if (signal.aborted) throw interrupted(this.job);
    if (!pause.aborted && epoch % checkpointEpochs !== 0) return;
    // Training continues during a write, and waits here for it before the next write: memory holds at most one checkpoint.
    await this.writing;
    const { artifact } = this.job;
    const streams = this.streams.states();
    const bytes = encodeCheckpoint({ artifact, codeVersion, streams, snapshot: snapshot() });
    this.writing = this.write(epoch, bytes);
    if (!pause.aborted) return;
    await this.writing;
    throw interrupted(this.job);
  }

  /** Resolves when no write is pending. A job waits for it before it ends. */
  settled(): Promise<void> {
    return this.writing;
  }

  private async write(epoch: number, bytes: Uint8Array): Promise<void> {
    try {
      await this.store.saveCheckpoint(this.job.artifact, bytes);
    } catch {
      // A checkpoint that cannot be written does not fail the job. If the disk stays full, writing the result fails with
      // an error.
      return;
    }
    this.options.onCheckpoint(epoch);
  }
}

/** Replaces `JobCheckpoints` in jobs without checkpoints: it reads and stores nothing. */
export const noCheckpoints: Checkpoints = {
  resume: () => Promise.resolve(),
  offer: () => Promise.resolve(),
};
