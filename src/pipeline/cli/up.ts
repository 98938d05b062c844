import { exitCodes, type ExitCode } from '../core/errors.js';
import { loadConfig } from '../config/load.js';
import { prepareRun } from '../runs/prepare.js';
import { executeFromTerminal } from './execute-from-terminal.js';
import type { UpOptions } from './options.js';
import { sayWarnings } from './output.js';
import { showPlan } from './plan.js';

/** `up`: runs an experiment to its end, or resumes it. */
export async function up(options: UpOptions): Promise<ExitCode> {
  const { config, dataRoot, warnings } = loadConfig({
    file: options.config,
    set: options.set,
    dataRoot: options.data,
  });
  sayWarnings(warnings);
  const prepared = await prepareRun(config, dataRoot, options);
  if (options.dryRun) {
    showPlan(prepared, options.json ?? false);
    return exitCodes.ok;
  }
  return (await executeFromTerminal(prepared, options)).exitCode;
}
