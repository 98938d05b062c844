import { join } from 'node:path';
import type { Config } from '../config/schema.js';
import { slotsOfKind } from '../config/slots.js';
import { HafError } from '../core/errors.js';
import { buildGraph } from '../graph.js';
import type { Graph } from '../graph-jobs.js';
import { finalId, makePlan, type Plan } from '../plan.js';
import type { Preflight } from '../../operators/preflight/preflight.js';
import type { Recipe } from '../recipe.js';
import type { Problem } from '../core/problem.js';
import { saveMemory } from '../core/save-memory.js';
import { withoutLost, type LostFile } from './lost-files.js';
import { groupFile } from './groups.js';
import { memberFile } from './members.js';
import { guardStandIn } from './stand-in-guard.js';
import { findSources, type DataFiles } from '../sources/find-sources.js';
import { cacheOptions, openStore } from '../store/open-store.js';
import type { ArtifactStore } from '../store/store.js';
import { RunDirectory } from './run-directory.js';

/** An experiment that is ready to run: its data are found and hashed, and its graph is planned against the store. */
export interface PreparedRun {
  readonly config: Config;
  readonly dataRoot: string;
  readonly store: ArtifactStore;
  readonly files: DataFiles;
  readonly graph: Graph;
  readonly plan: Plan;
  /** Earlier recipes of the jobs that are not cached, to explain why they run. */
  readonly earlier: ReadonlyMap<string, Recipe>;
  readonly directory: RunDirectory;
  /** The results of the checks before the run. Null for a run without a cohort (`tile`, `embed`). */
  readonly checks: Preflight | null;
  /** Files of the cohort that the run continues without. */
  readonly lost: readonly Problem[];
}

/** The folders of runs and artifacts. */
export interface Places {
  readonly runs: string;
  readonly store: string;
  readonly cache?: string;
  /** In GiB. */
  readonly cacheSize?: number;
}

export interface PrepareOptions {
  /** Receives a note before work that takes long. */
  readonly onNote?: (text: string) => void;
  /** Hash every file of the cohort and ignore remembered hashes. */
  readonly verify?: boolean;
  /** Files that an earlier attempt could not use. */
  readonly lost?: readonly LostFile[];
  /**
   * The files and checks of the previous attempt. The files are not searched again, because a file that has vanished
   * since then would be missing without a message.
   */
  readonly earlier?: Pick<PreparedRun, 'files' | 'checks'> | null;
}

/**
 * Finds the data, plans the graph and names the run. A run is called `<name>-<first digits of its report's artifact
 * id>`. The same experiment over the same data is the same run, so the same command resumes it. Any change gives
 * another run, so nothing is overwritten.
 */
export async function prepareRun(
  config: Config,
  dataRoot: string | null,
  places: Places,
  { onNote, verify = false, lost = [], earlier = null }: PrepareOptions = {},
): Promise<PreparedRun> {
  if (dataRoot === null)
    throw new HafError(
      'HAF_DATA_MISSING',
      'No data folder is given.',
      'Pass --data DIR, or set data.root in the experiment file. "haf-pipeline synth DIR" makes a cohort to try.',
    );
  const store = await openStore(places.store, cacheOptions(places));
  const found =
    earlier?.files ??
    (await findSources(config, dataRoot, {
      hashCache: hashCacheOf(store),
      verify,
      ...(onNote ? { onNote } : {}),
    }));
  saveMemory(found.bags.length);
  guardStandIn(config, found.bags);
  const files = withoutLost(found, lost);
  const { preflight, tryFeatures, assertAccepted } = await import('../../operators/preflight/preflight.js');
  const checks = earlier?.checks ?? (await preflight(config, found));
  assertAccepted(checks.refusals);
  const members = await memberFile(config, checks, files.bags, store);
  const groups = await groupFile(checks, store);
  const graph = buildGraph(config, { ...files, members, groups });
  // The stages report the other warnings of the checks again when they run. Only warnings that no stage repeats are
  // reported from here.
  const seen = checks.warnings.filter(({ stage }) => stage === 'preflight');
  const problems = [...found.unreadable, ...seen, ...lost.map(({ problem }) => problem)];
  const prepared = await planRun({ config, dataRoot, store, files, graph, lost: problems, checks }, places);
  // A modality with a cached `embed` job was read before, so its files are not checked again.
  const read = new Set(
    prepared.plan.flatMap(({ node, cached }) =>
      node.stage === 'embed' && cached !== null ? [node.unit.modality] : [],
    ),
  );
  const unread = slotsOfKind(config, 'bag').filter((modality) => !read.has(modality));
  if (earlier === null) assertAccepted(await tryFeatures(config, files, unread));
  return prepared;
}

/** The file of a store with the remembered hashes of the user's files. */
export const hashCacheOf = (store: ArtifactStore): string => join(store.localRoot, 'source-hashes.json');

/**
 * Plans a graph and names the run that executes it.
 *
 * @param idOf the id whose first digits are part of the name
 */
export async function planRun(
  known: Omit<PreparedRun, 'plan' | 'earlier' | 'directory'>,
  { runs }: Pick<Places, 'runs'>,
  idOf: (plan: Plan) => string = finalId,
): Promise<PreparedRun> {
  const { config, store, graph } = known;
  const plan = await makePlan(graph, config, store);
  const directory = new RunDirectory(runs, `${config.name}-${idOf(plan).slice(0, 6)}`);
  return { ...known, plan, directory, earlier: earlierRecipes(plan, directory, config) };
}

/**
 * Earlier recipes to compare the plan with: this run's own, or those of the latest run with the same experiment name.
 */
function earlierRecipes(plan: Plan, directory: RunDirectory, config: Config): ReadonlyMap<string, Recipe> {
  // A cached job does not run, so there is nothing to explain and its earlier recipe is not needed.
  const missing = new Set(plan.flatMap(({ node, cached }) => (cached === null ? [node.key] : [])));
  if (missing.size === 0) return new Map();
  if (directory.exists()) return directory.recipes(missing);
  const earlier = RunDirectory.list(directory.runs).filter((run) => run.info().name === config.name);
  return earlier.at(-1)?.recipes(missing) ?? new Map();
}
