import type { Job } from '../pipeline/bus/job.js';
import type { Streams } from '../pipeline/core/streams.js';
import type { Checkpoints, TrainingSnapshot } from '../pipeline/stage.js';
import type { ArtifactStore } from '../pipeline/store/store.js';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint-file.js';
import { interrupted, type JobControl } from './executor.js';

/** How often checkpoints are kept where nobody says otherwise. */
export const defaultCheckpointEpochs = 10;

export interface CheckpointOptions extends Pick<JobControl, 'onCheckpoint' | 'pause'> {
  readonly codeVersion: string;
  /** Epochs from one checkpoint to the next. */
  readonly checkpointEpochs: number;
}

/** The checkpoint of one job, in the store. */
export class JobCheckpoints implements Checkpoints {
  constructor(
    private readonly job: Job,
    private readonly store: Pick<ArtifactStore, 'checkpoint' | 'saveCheckpoint'>,
    private readonly streams: Streams,
    private readonly options: CheckpointOptions,
  ) {}

  async resume(take: (snapshot: TrainingSnapshot) => boolean): Promise<void> {
    const { artifact } = this.job;
    // A checkpoint that cannot be read costs the epochs it would have saved, never the job.
    const bytes = await this.store.checkpoint(artifact).catch(() => null);
    const found = bytes && decodeCheckpoint(bytes);
    if (found?.artifact !== artifact || found.codeVersion !== this.options.codeVersion) return;
    if (take(found.snapshot)) this.streams.restore(found.streams);
  }

  async offer(epoch: number, snapshot: () => TrainingSnapshot): Promise<void> {
    const { codeVersion, checkpointEpochs, pause, onCheckpoint } = this.options;
    if (!pause.aborted && epoch % checkpointEpochs !== 0) return;
    const { artifact } = this.job;
    const streams = this.streams.states();
    const bytes = encodeCheckpoint({ artifact, codeVersion, streams, snapshot: snapshot() });
    // Nor does one that cannot be written: if the disk stays full, the result will say so.
    const kept = await this.store.saveCheckpoint(artifact, bytes).then(
      () => true,
      () => false,
    );
    if (kept) onCheckpoint(epoch);
    if (pause.aborted) throw interrupted(this.job);
  }
}

/** For jobs that keep nothing. */
export const noCheckpoints: Checkpoints = {
  resume: () => Promise.resolve(),
  offer: () => Promise.resolve(),
};
