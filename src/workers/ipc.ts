import type { HafErrorData } from '../pipeline/core/errors.js';
import type { EpochProgress } from '../pipeline/stage.js';
import type { JobResult } from './execute-job.js';
import type { Work } from './work.js';

/** Runner to trainer, about one of its jobs. */
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

/** Trainer to runner. */
export type FromTrainer = { readonly id: number } & (
  | { readonly type: 'epoch'; readonly progress: EpochProgress }
  | { readonly type: 'checkpoint'; readonly epoch: number }
  | { readonly type: 'done'; readonly result: JobResult }
  | { readonly type: 'failed'; readonly error: HafErrorData }
);

/** What a pool thread gives back; an error travels as data because threads do not share classes. */
export type ThreadResult = { readonly ok: JobResult } | { readonly error: HafErrorData };
