import type { Config } from '../config/schema.js';
import type { ExecuteResult } from './execute.js';
import { lostFiles, type LostFile } from './lost-files.js';
import { prepareRun, type Places, type PreparedRun, type PrepareOptions } from './prepare.js';

/** More files may be lost during the attempt that leaves the first ones out. */
const mostAttempts = 3;

export interface AttemptOptions extends Pick<PrepareOptions, 'onNote' | 'verify'> {
  readonly places: Places;
  /** Executes one attempt. `first` is false when files were lost before. */
  readonly execute: (prepared: PreparedRun, first: boolean) => Promise<ExecuteResult>;
  /** Told how many files the next attempt leaves out. */
  readonly onLost: (files: number) => void;
}

/**
 * Prepares and executes an experiment. A run that failed only because of single files is planned and executed again without
 * these files, at most twice.
 *
 * @returns the last attempt
 */
export async function attemptRun(
  config: Config,
  dataRoot: string | null,
  { places, onNote, verify = false, execute, onLost }: AttemptOptions,
): Promise<{ readonly prepared: PreparedRun; readonly result: ExecuteResult }> {
  let lost: readonly LostFile[] = [];
  let earlier: Pick<PrepareOptions, 'files' | 'checks'> = {};
  for (let attempt = 1; ; attempt++) {
    const prepared = await prepareRun(config, dataRoot, places, {
      ...{ verify, lost, ...earlier },
      ...(onNote ? { onNote } : {}),
    });
    const result = await execute(prepared, attempt === 1);
    const more = result.state === 'finished-with-failures' ? lostFiles(result.outcomes) : [];
    if (more.length === 0 || attempt === mostAttempts) return { prepared, result };
    lost = [...lost, ...more];
    earlier = { files: prepared.files, ...(prepared.checks === null ? {} : { checks: prepared.checks }) };
    onLost(more.length);
  }
}
