import type { ExecuteResult } from './execute.js';
import { lostFiles, type LostFile } from './lost-files.js';
import type { PreparedRun } from './prepare.js';

/**
 * Maximum number of attempts. Each attempt leaves out the files that were lost in the one before, and further files
 * may be lost meanwhile.
 */
const mostAttempts = 3;

export interface Attempts {
  /**
   * Plans an attempt.
   *
   * @param lost files that earlier attempts could not use
   * @param earlier the results of the previous attempt; null for the first
   */
  readonly prepare: (lost: readonly LostFile[], earlier: PreparedRun | null) => Promise<PreparedRun>;
  /** Executes an attempt. `first` is false if an earlier attempt lost files. */
  readonly execute: (prepared: PreparedRun, first: boolean) => Promise<ExecuteResult>;
  /** Called before each further attempt with a text that says how many more files it leaves out. */
  readonly onNote: (text: string) => void;
}

/**
 * Prepares and executes a run. If a run failed only because of single files, it is planned and executed again without these files, at
 * most twice.
 *
 * @returns the result of the last attempt
 */
export async function attemptRun({ prepare, execute, onNote }: Attempts): Promise<{
  readonly prepared: PreparedRun;
  readonly result: ExecuteResult;
}> {
  let lost: readonly LostFile[] = [];
  let earlier: PreparedRun | null = null;
  for (let attempt = 1; ; attempt++) {
    const prepared = await prepare(lost, earlier);
    const result = await execute(prepared, attempt === 1);
    const more = result.state === 'finished-with-failures' ? lostFiles(result.outcomes) : [];
    if (more.length === 0 || attempt === mostAttempts) return { prepared, result };
    lost = [...lost, ...more];
    earlier = prepared;
    onNote(`Continuing without ${more.length === 1 ? 'this file' : `these ${more.length} files`}.`);
  }
}
