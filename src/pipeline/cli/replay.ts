import { configYaml } from '../config/print.js';
import { loadConfig } from '../config/load.js';
import { hashOf } from '../core/canonical-json.js';
import { HafError, type ExitCode } from '../core/errors.js';
import { assertAddressSpace } from '../core/machine-room.js';
import { upstreamOf, withDownstream } from '../graph-jobs.js';
import type { Plan } from '../plan.js';
import type { Recipe } from '../recipe.js';
import { observe } from '../observe/observation.js';
import { prepareRun, type PreparedRun } from '../runs/prepare.js';
import { RunDirectory } from '../runs/run-directory.js';
import type { StageName } from '../stage.js';
import type { Manifest } from '../store/store.js';
import { executeFromTerminal } from './execute-from-terminal.js';
import { chosenJobs } from './chosen-jobs.js';
import type { ReplayOptions } from './options.js';
import { printData, say } from './output.js';
import { replayTable, versionHint } from './replay-text.js';
import { metricsAddress } from './metrics-address.js';
import { packageVersion } from './version.js';

/**
 * `replay STAGE`: runs one stage of a run again from the artifacts it read, with the same settings (`--force`) or
 * with others (`--set`), and shows the new numbers beside the old ones. With other settings the replay is another run
 * with a directory of its own.
 */
export async function replay(stage: StageName, options: ReplayOptions): Promise<ExitCode> {
  assertAddressSpace();
  const base = RunDirectory.findExperiment(options.runs, options.run);
  const { dataRoot } = base.info();
  const { config } = loadConfig({ text: configYaml(base.experiment()), set: options.set });
  const prepared = await prepareRun(config, options.data ?? dataRoot, options, { onNote: say });
  const jobs = chooseJobs(stage, prepared, options);
  const before = await manifestsOf(base.recipes(), prepared);
  const { force, ...runOptions } = options;
  const observation = await observe(metricsAddress(options), {
    role: 'orchestrator',
    version: packageVersion(),
  });
  const chosen = { jobs, ...(force ? { force: new Set(jobs.map(({ node }) => node.key)) } : {}) };
  const result = await executeFromTerminal(prepared, { ...runOptions, ...chosen }, observation).finally(
    observation.close,
  );
  const replayed = { outcomes: result.outcomes, before };
  const [old, now] = [base.run, prepared.directory.run];
  const names = old === now ? { before: 'before', now: 'now' } : { before: old, now };
  if (!options.json) printData(replayTable(replayed, names));
  const hint = versionHint(replayed);
  if (hint !== null) say(hint);
  if (!force && result.outcomes.length > 0 && result.outcomes.every(({ state }) => state === 'cached'))
    say(
      'All artifacts were in the store: the recipe is unchanged. --force computes them again and compares the bytes.',
    );
  return result.exitCode;
}

/**
 * The jobs to replay.
 * @throws HafError HAF_USAGE if there are none, or if the store lacks an input of one of them with these settings
 */
function chooseJobs(stage: StageName, { plan, graph }: PreparedRun, options: ReplayOptions): Plan {
  const { fold } = options;
  const inFold = (of: number | undefined): boolean => fold === undefined || of === fold;
  const chosen = chosenJobs(plan, ({ node }) => node, { stage, fold });
  const keys = chosen.map(({ node }) => node.key);
  const wanted = new Set(options.downstream ? withDownstream(graph, keys).map(({ key }) => key) : keys);
  const jobs = plan.filter(
    ({ node }) => wanted.has(node.key) && (inFold(node.unit.fold) || node.stage === stage),
  );
  const missing = plan.find(
    ({ node, cached }) =>
      cached === null &&
      !jobs.some((job) => job.node === node) &&
      jobs.some((job) => upstreamOf(job.node).includes(node.key)),
  );
  if (missing)
    throw new HafError(
      'HAF_USAGE',
      `${stage} would need ${missing.node.key}, which is not in the store with these settings.`,
      `Replay an earlier stage: "haf-pipeline replay ${missing.node.stage} --downstream" with the same options, or use "up".`,
    );
  return jobs;
}

async function manifestsOf(
  recipes: ReadonlyMap<string, Recipe>,
  { store }: PreparedRun,
): Promise<Map<string, Manifest>> {
  const found = new Map<string, Manifest>();
  for (const [key, recipe] of recipes) {
    const manifest = await store.manifest(hashOf(recipe));
    if (manifest) found.set(key, manifest);
  }
  return found;
}
