import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { HafError, isMachineFault } from '../pipeline/core/errors.js';
import type { JobResult } from './execute-job.js';
import { interrupted, type Executor, type JobControl } from './executor.js';
import type { ThreadResult } from './ipc.js';
import type { Work } from './work.js';

/** Threads for CPU-bound jobs. */
export class ThreadPool implements Executor {
  private readonly pool: Piscina<Work, ThreadResult>;

  constructor(threads: number) {
    this.pool = new Piscina<Work, ThreadResult>({
      filename: fileURLToPath(new URL('./thread-task.js', import.meta.url)),
      name: 'compute',
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: 10_000,
    });
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
        'It may have run out of memory: there is a thread per core, so give the process fewer (taskset).',
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
