import { exitCodes, type ExitCode } from '../core/errors.js';
import { loadConfig } from '../config/load.js';
import { observe } from '../observe/observation.js';
import { prepareRun } from '../runs/prepare.js';
import { executeFromTerminal } from './execute-from-terminal.js';
import type { UpOptions } from './options.js';
import { sayWarnings } from './output.js';
import { showPlan } from './plan.js';
import { packageVersion } from './version.js';

/** `up`: runs an experiment to its end, or resumes it. */
export async function up(options: UpOptions): Promise<ExitCode> {
  const { config, dataRoot, warnings } = loadConfig({
    file: options.config,
    set: options.set,
    dataRoot: options.data,
  });
  sayWarnings(warnings);
  if (options.dryRun) {
    showPlan(await prepareRun(config, dataRoot, options), options.json ?? false);
    return exitCodes.ok;
  }
  // Before a cohort is hashed: who watches should not take that for a process that hangs.
  const observation = await observe(options.metrics, { role: 'orchestrator', version: packageVersion() });
  try {
    const prepared = await prepareRun(config, dataRoot, options);
    return (await executeFromTerminal(prepared, options, observation)).exitCode;
  } finally {
    await observation.close();
  }
}
