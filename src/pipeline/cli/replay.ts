import { configYaml } from '../config/print.js';
import { loadConfig } from '../config/load.js';
import { hashOf } from '../core/canonical-json.js';
import { HafError, type ExitCode } from '../core/errors.js';
import { assertAddressSpace } from '../core/machine-room.js';
import { upstreamOf, withDownstream } from '../graph.js';
import type { Plan } from '../plan.js';
import type { Recipe } from '../recipe.js';
import type { JobOutcome } from '../run-graph.js';
import { observe } from '../observe/observation.js';
import { prepareRun, type PreparedRun } from '../runs/prepare.js';
import { RunDirectory } from '../runs/run-directory.js';
import type { StageName } from '../stage.js';
import type { Manifest } from '../store/store.js';
import { executeFromTerminal } from './execute-from-terminal.js';
import type { ReplayOptions } from './options.js';
import { printData, say } from './output.js';
import { textTable } from './text-table.js';
import { metricsAddress } from './metrics-address.js';
import { packageVersion } from './version.js';

/**
 * `replay STAGE`: runs one stage of a run again from the artifacts it read, with the same settings (`--force`) or
 * with others (`--set`), and shows the new numbers beside the old ones. With other settings it is another run with a
 * directory of its own.
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
  if (!options.json) compare(result.outcomes, before, base.run, prepared.directory.run);
  if (!force && result.outcomes.length > 0 && result.outcomes.every(({ state }) => state === 'cached'))
    say(
      'All artifacts were in the store: the recipe is unchanged. --force computes them again and compares the bytes.',
    );
  return result.exitCode;
}

/**
 * The jobs to replay.
 * @throws HafError HAF_USAGE if there are none, or if a job upstream would change too
 */
function chooseJobs(stage: StageName, { plan, graph }: PreparedRun, options: ReplayOptions): Plan {
  const inFold = (fold: number | undefined): boolean => options.fold === undefined || fold === options.fold;
  const chosen = plan.filter(({ node }) => node.stage === stage && inFold(node.unit.fold));
  if (chosen.length === 0)
    throw new HafError(
      'HAF_USAGE',
      `The run has no ${stage} job${options.fold === undefined ? '' : ` in fold ${options.fold}`}.`,
      'See the jobs with "haf-pipeline explain --run RUN --json".',
    );
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

function compare(
  outcomes: readonly JobOutcome[],
  before: ReadonlyMap<string, Manifest>,
  oldRun: string,
  newRun: string,
): void {
  const rows = outcomes.flatMap((outcome) => {
    if (!('manifest' in outcome)) return [[outcome.job.node.key, '', '', outcome.state]];
    const { manifest } = outcome;
    const old = before.get(manifest.key);
    const bytes = !old ? 'no earlier result' : sameBytes(old, manifest) ? 'same bytes' : 'other bytes';
    const names = Object.keys(manifest.metrics);
    if (names.length === 0) return [[manifest.key, '', '', bytes]];
    return names.map((name) => [
      `${manifest.key} ${name}`,
      number(old?.metrics[name]),
      number(manifest.metrics[name]),
      bytes,
    ]);
  });
  printData(
    textTable(['job', oldRun === newRun ? 'before' : oldRun, oldRun === newRun ? 'now' : newRun, ''], rows),
  );
}

const sameBytes = (a: Manifest, b: Manifest): boolean =>
  a.files.length === b.files.length &&
  a.files.every(({ name, sha256 }) => b.files.some((file) => file.name === name && file.sha256 === sha256));

const number = (value: number | null | undefined): string =>
  value === null || value === undefined ? '-' : value.toFixed(4);
