import type { HafErrorData } from '../pipeline/core/errors.js';
import type { EpochProgress } from '../pipeline/stage.js';
import type { JobResult } from './execute-job.js';
import type { Work } from './work.js';

/** Message of the runner to a trainer, about one of the trainer's jobs. */
export type ToTrainer = { readonly id: number } & (
  | {
      readonly type: 'run';
      readonly work: Work;
      readonly codeVersion: string;
      readonly checkpointEpochs: number;
    }
  | { readonly type: 'pause' }
  | { readonly type: 'cancel' }
);

/** Message of a trainer to the runner. */
export type FromTrainer = { readonly id: number } & (
  | { readonly type: 'epoch'; readonly progress: EpochProgress }
  | { readonly type: 'checkpoint'; readonly epoch: number }
  | { readonly type: 'done'; readonly result: JobResult }
  | { readonly type: 'failed'; readonly error: HafErrorData }
);

/** Result of a pool thread. An error is sent as data, because threads do not share classes. */
export type ThreadResult = { readonly ok: JobResult } | { readonly error: HafErrorData };
