import { exitCodes, type ExitCode } from '../core/errors.js';
import { assertAddressSpace } from '../core/machine-room.js';
import { loadConfig } from '../config/load.js';
import { lostFiles, type LostFile } from '../runs/lost-files.js';
import { observe } from '../observe/observation.js';
import { prepareRun, type PreparedRun } from '../runs/prepare.js';
import { findStore } from './find-store.js';
import { executeFromTerminal } from './execute-from-terminal.js';
import type { UpOptions } from './options.js';
import { say, sayWarnings } from './output.js';
import { sayChecks } from './say-checks.js';
import { showPlan } from './plan.js';
import { metricsAddress } from './metrics-address.js';
import { packageVersion } from './version.js';

/** Files may be lost while the attempt that goes on without others is under way. */
const mostAttempts = 3;

/** `up`: runs an experiment to its end, or resumes it. */
export async function up(given: UpOptions): Promise<ExitCode> {
  const options = findStore(given);
  const { config, dataRoot, warnings } = loadConfig({
    file: options.config,
    set: options.set,
    dataRoot: options.data,
  });
  sayWarnings(warnings);
  if (options.dryRun) {
    const prepared = await prepareRun(config, dataRoot, options, {
      onNote: say,
      verify: options.verify ?? false,
    });
    sayChecks(prepared.checks);
    showPlan(prepared, options.json ?? false);
    return exitCodes.ok;
  }
  assertAddressSpace();
  // Before a cohort is hashed: who watches should not take that for a process that hangs.
  const observation = await observe(metricsAddress(options), {
    role: 'orchestrator',
    version: packageVersion(),
  });
  try {
    let lost: readonly LostFile[] = [];
    let earlier: PreparedRun | undefined;
    for (let attempt = 1; ; attempt++) {
      const found =
        earlier === undefined
          ? {}
          : { files: earlier.files, ...(earlier.checks === null ? {} : { checks: earlier.checks }) };
      const prepared = await prepareRun(config, dataRoot, options, {
        ...{ onNote: say, verify: options.verify ?? false, lost },
        ...found,
      });
      if (attempt === 1) sayChecks(prepared.checks);
      const { outcomes, exitCode, state } = await executeFromTerminal(prepared, options, observation);
      const more = state === 'finished-with-failures' ? lostFiles(outcomes) : [];
      if (more.length === 0 || attempt === mostAttempts) return exitCode;
      lost = [...lost, ...more];
      earlier = prepared;
      say(`Going on without ${more.length === 1 ? 'this file' : `these ${more.length} files`}.`);
    }
  } finally {
    await observation.close();
  }
}
