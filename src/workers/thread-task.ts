import { HafError } from '../pipeline/core/errors.js';
import { executeJob } from './execute-job.js';
import type { ThreadResult } from './ipc.js';
import { storeAt } from './store-at.js';
import type { Work } from './work.js';

/** Runs in a pool thread: file parsing, preprocessing, statistics and the report. Aborting ends the thread. */
export async function compute(work: Work): Promise<ThreadResult> {
  try {
    return { ok: await executeJob(work, storeAt(work.root)) };
  } catch (error) {
    return { error: HafError.from(error).toData() };
  }
}
