import { HafError } from '../pipeline/core/errors.js';
import { executeJob } from './execute-job.js';
import type { ThreadResult } from './ipc.js';
import { storeAt } from './store-at.js';
import type { Work } from './work.js';

/** Computes a job (file parsing, preprocessing, statistics, report) in a pool thread. An abort ends the thread. */
export async function compute(work: Work): Promise<ThreadResult> {
  try {
    return { ok: await executeJob(work, storeAt(work.root)) };
  } catch (error) {
    return { error: HafError.from(error).toData() };
  }
}
