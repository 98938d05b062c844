import { availableParallelism, hostname } from 'node:os';
import type { Bus } from '../pipeline/bus/bus.js';
import type { FileStore } from '../pipeline/store/file-store.js';
import { defaultCheckpointEpochs } from './job-checkpoints.js';
import { startRunner, type Runner } from './runner.js';
import { ThreadPool } from './thread-pool.js';
import { Trainer } from './trainer.js';

export interface LocalWorkerOptions {
  readonly bus: Bus;
  readonly store: FileStore;
  /** Training processes; CPU-bound jobs get a thread per core besides. */
  readonly trainers: number;
  readonly backend: string;
  readonly codeVersion: string;
}

export interface LocalWorker extends Runner {
  /** Ends threads and training processes; call after drain() or stop(). */
  close(): Promise<void>;
}

/** The worker inside `up`: lanes of pool threads and of training processes on this machine. */
export function startLocalWorker(options: LocalWorkerOptions): LocalWorker {
  const { bus, store, codeVersion, backend } = options;
  // What this process may use: fewer than the machine has under a scheduler's affinity.
  const threads = availableParallelism();
  const pool = new ThreadPool(threads, store.root);
  const trainers = Array.from(
    { length: options.trainers },
    () => new Trainer({ store: store.root, backend, codeVersion, checkpointEpochs: defaultCheckpointEpochs }),
  );
  const runner = startRunner({
    bus,
    store,
    codeVersion,
    worker: `${hostname()}-${process.pid}`,
    lanes: [
      ...Array.from({ length: threads }, () => ({ jobClass: 'cpu' as const, executor: pool })),
      ...trainers.map((executor) => ({ jobClass: 'gpu' as const, executor })),
    ],
  });
  return {
    ...runner,
    close: async () => {
      await Promise.all([pool.close(), ...trainers.map((trainer) => trainer.close())]);
    },
  };
}
