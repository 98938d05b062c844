import { exitCodes, type ExitCode } from '../core/errors.js';
import { assertAddressSpace } from '../core/machine-room.js';
import { loadConfig } from '../config/load.js';
import { observe, type Observation } from '../observe/observation.js';
import { attemptRun } from '../runs/attempts.js';
import { prepareRun } from '../runs/prepare.js';
import { externalCohorts, validateOn } from './external-cohorts.js';
import { findStore } from './find-store.js';
import { executeFromTerminal } from './execute-from-terminal.js';
import type { UpOptions } from './options.js';
import { say, sayWarnings } from './output.js';
import { sayChecks } from './say-checks.js';
import { showPlan } from './plan.js';
import { metricsAddress } from './metrics-address.js';
import { pageOfRuns } from './page-of-runs.js';
import { packageVersion } from './version.js';

/** `up`: runs an experiment to its end, or resumes it. */
export async function up(given: UpOptions): Promise<ExitCode> {
  const options = findStore(given);
  const { config, dataRoot, warnings } = loadConfig({
    file: options.config,
    set: options.set,
    dataRoot: options.data,
  });
  sayWarnings(warnings);
  const external = externalCohorts(config, options.config);
  // Loads the files of external cohorts now: a mistake in them must be reported before the long training.
  for (const { file } of external) loadConfig({ file, encoderOfModel: true });
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
  // The metrics are served before the cohort is hashed. Otherwise the hashing would look like a hanging process.
  const observation = await observe(metricsAddress(options), {
    role: 'orchestrator',
    version: packageVersion(),
  });
  const page = await pageOfRuns(options).catch(async (error: unknown) => {
    await observation.close();
    throw error;
  });
  const watched: Observation = {
    ...observation,
    on: (bus) => {
      observation.on(bus);
      page?.on(bus);
    },
  };
  try {
    const { prepared, result } = await attemptRun({
      prepare: (lost, earlier) =>
        prepareRun(config, dataRoot, options, {
          ...{ onNote: say, lost, earlier },
          verify: options.verify ?? false,
        }),
      execute: (prepared, first) => {
        if (first) sayChecks(prepared.checks);
        return executeFromTerminal(prepared, options, watched);
      },
      onNote: say,
    });
    if (external.length === 0) return result.exitCode;
    if (result.exitCode === exitCodes.ok) return await validateOn(external, prepared.directory, options);
    if (result.state !== 'interrupted')
      say(
        'The external cohorts were not validated, because the run has failures. Correct them and run the same command again.',
      );
    return result.exitCode;
  } finally {
    await page?.close();
    await observation.close();
  }
}
