import { HafError } from '../core/errors.js';
import { counted } from '../core/wording.js';
import { roCrate } from '../reporting/ro-crate.js';
import { crateFile, filesOfRun } from '../reporting/run-files.js';
import { RunDirectory } from '../runs/run-directory.js';
import { isLocked } from '../runs/run-lock.js';
import type { CrateOptions } from './reporting-options.js';
import { printData, printJson, say } from './output.js';

/**
 * `ro-crate RUN`: describes the files of a run directory as an RO-Crate.
 *
 * @throws HafError HAF_RUN_BUSY while a process works on the run
 */
export async function roCrateOf(name: string, options: CrateOptions): Promise<void> {
  const directory = RunDirectory.findExperiment(options.runs, name);
  assertIdle(directory);
  const files = await filesOfRun(directory.path);
  const { metadata, gaps } = roCrate(directory.info(), files, {
    authors: options.author ?? [],
    licence: options.licence ?? null,
  });
  directory.write(crateFile, `${JSON.stringify(metadata, null, 2)}\n`);
  if (options.json) return printJson(metadata);
  printData(
    `${directory.path}/${crateFile}: ${counted(files.length, 'file')}, RO-Crate 1.1, Process Run Crate 0.5`,
  );
  say(`${counted(gaps.length, 'gap')} for the authors: ${gaps.join('; ')}`);
}

/**
 * Refuses a run on which a process works: if its files change while they are read, their description would be wrong.
 */
export function assertIdle({ path, run }: RunDirectory): void {
  if (!isLocked(path)) return;
  throw new HafError(
    'HAF_RUN_BUSY',
    `A process works on run ${run}, so its files may change.`,
    'Wait for the end of the run, then use the command again.',
  );
}
