import { HafError } from '../pipeline/core/errors.js';
import { executeJob } from './execute-job.js';
import type { ThreadResult, ThreadTask } from './ipc.js';
import { storeAt } from './store-at.js';

/** Runs in a pool thread: file parsing, preprocessing, statistics and the report. Aborting ends the thread. */
export async function compute({ job, store }: ThreadTask): Promise<ThreadResult> {
  try {
    return { ok: await executeJob(job, storeAt(store)) };
  } catch (error) {
    return { error: HafError.from(error).toData() };
  }
}
