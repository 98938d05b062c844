import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Piscina } from 'piscina';
import { HafError, isMachineFault } from '../pipeline/core/errors.js';
import type { JobResult } from './execute-job.js';
import { interrupted, type Executor, type JobControl } from './executor.js';
import type { ThreadResult } from './ipc.js';
import type { Work } from './work.js';

/**
 * V8 collects all objects of a thread only when its heap and the pixels that it holds exceed this size. By default it
 * does so after every 16 MB of pixels from sharp, which takes a quarter of the time of reading tiles.
 */
const uncollectedMb = 96;

/** A pool of threads for CPU-bound work. Threads that have been idle for ten seconds end. */
export function threadsFor<Task, Result>(
  filename: string,
  threads: number,
  options: { readonly minThreads?: number; readonly name?: string } = {},
): Piscina<Task, Result> {
  // V8 reads this flag when it creates the heap of a thread, so this process and its other heaps keep their size.
  setFlagsFromString(`--initial-old-space-size=${uncollectedMb}`);
  return new Piscina<Task, Result>({
    minThreads: 0,
    idleTimeout: 10_000,
    ...options,
    filename,
    maxThreads: threads,
  });
}

/** Threads for CPU-bound jobs. */
export class ThreadPool implements Executor {
  private readonly pool: Piscina<Work, ThreadResult>;

  constructor(threads: number) {
    const file = fileURLToPath(new URL('./thread-task.js', import.meta.url));
    this.pool = threadsFor(file, threads, { name: 'compute' });
  }

  async run(work: Work, control: Pick<JobControl, 'signal' | 'pause'>): Promise<JobResult> {
    const signal = AbortSignal.any([control.signal, control.pause]);
    let result: ThreadResult;
    try {
      result = await this.pool.run(work, { signal, name: 'compute' });
    } catch (error) {
      if (signal.aborted) throw interrupted(work);
      if (isMachineFault(error)) throw HafError.from(error);
      throw new HafError(
        'HAF_WORKER_DIED',
        `The thread working on ${work.key} ended: ${error instanceof Error ? error.message : String(error)}.`,
        'It may have run out of memory: each core has a thread, so let the process use fewer cores (taskset).',
        { cause: error },
      );
    }
    if ('error' in result) throw HafError.fromData(result.error);
    return result.ok;
  }

  close(): Promise<void> {
    return this.pool.destroy();
  }
}
