import type { Config } from './config/schema.js';
import { mapAtOnce } from './core/at-once.js';
import { sha256 } from './core/canonical-json.js';
import { recipeText, type Recipe } from './recipe.js';
import type { Graph, JobNode } from './graph-jobs.js';
import type { ConfigPath, StageName } from './stage.js';
import { stageNames } from './stage.js';
import { stages } from './stages.js';
import type { ArtifactStore, Manifest } from './store/store.js';

/** A job with its artifact id, and the manifest of its result if it was computed before. */
export interface PlannedJob {
  readonly node: JobNode;
  readonly id: string;
  readonly recipe: Recipe;
  readonly cached: Manifest | null;
}

export type Plan = readonly PlannedJob[];

const lookupsAtOnce = 16;

/**
 * Computes every job's artifact id and looks up which artifacts exist. Ids form a chain: an input enters a recipe by
 * its own id and not by its bytes. So the whole plan is known before any job runs. GPU training is not reproducible to
 * the last bit, but other bytes of an input do not change the id of a job, so finished jobs stay valid.
 */
export async function makePlan(graph: Graph, config: Config, store: ArtifactStore): Promise<Plan> {
  const ids = new Map<string, string>();
  const parts = new Map<string, Recipe['config']>();
  /** The part of the config that jobs read. Jobs that read the same keys share one object. */
  const partOf = (paths: readonly ConfigPath[]): Recipe['config'] => {
    const key = paths.join();
    const part = parts.get(key) ?? pickConfig(config, paths);
    parts.set(key, part);
    return part;
  };
  const named = graph.map((node) => {
    const recipe = recipeOf(node, partOf, ids);
    const id = sha256(recipeText(recipe));
    ids.set(node.key, id);
    return { node, id, recipe };
  });
  // Several lookups run at once, because a remote store answers slowly.
  const cached = await mapAtOnce(named, lookupsAtOnce, ({ id }) => store.manifest(id));
  return named.map((job, at) => ({ ...job, cached: cached[at] ?? null }));
}

function recipeOf(
  node: JobNode,
  partOf: (paths: readonly ConfigPath[]) => Recipe['config'],
  ids: ReadonlyMap<string, string>,
): Recipe {
  const { version, reads } = stages[node.stage];
  const idOf = (key: string): string => {
    const id = ids.get(key);
    if (id === undefined) throw new Error(`${node.key} stands before ${key}, which it reads`);
    return id;
  };
  return {
    stage: node.stage,
    version: typeof version === 'function' ? version(node.unit) : version,
    unit: node.unit,
    config: partOf(reads(node.unit)),
    inputs: node.inputs.map(({ role, keys }) => ({ role, ids: keys.map(idOf) })),
    sources: node.sources.map(({ role, name, sha256: content }) => ({ role, name, sha256: content })),
  };
}

/** The part of a config at the given paths, in the same nesting. */
export function pickConfig(config: Config, paths: readonly ConfigPath[]): Readonly<Record<string, unknown>> {
  const picked: Record<string, unknown> = {};
  for (const path of paths) {
    const steps = path.split('.');
    const last = steps.pop() ?? path;
    let [from, into]: [unknown, Record<string, unknown>] = [config, picked];
    for (const step of steps) {
      from = (from as Record<string, unknown>)[step];
      into = (into[step] ??= {}) as Record<string, unknown>;
    }
    into[last] = (from as Record<string, unknown>)[last];
  }
  return picked;
}

/** The artifact that represents the whole run: the last one, the report. */
export function finalId(plan: Plan): string {
  const last = plan.at(-1);
  if (!last) throw new Error('An empty plan has no final artifact');
  return last.id;
}

export interface StagePlan {
  readonly stage: StageName;
  readonly jobs: number;
  readonly cached: number;
  readonly why: string;
}

/**
 * For each stage: how many jobs are cached, how many will run, and why they run (compared with an earlier run's
 * recipes).
 */
export function summarisePlan(
  plan: Plan,
  earlier: ReadonlyMap<string, Recipe>,
  force: ReadonlySet<string> = new Set(),
): readonly StagePlan[] {
  return stageNames.flatMap((stage) => {
    const jobs = plan.filter(({ node }) => node.stage === stage);
    if (jobs.length === 0) return [];
    const missing = jobs.filter(({ node, cached }) => cached === null || force.has(node.key));
    const reasons = [...new Set(missing.map((job) => (job.cached ? 'forced' : whyMissing(job, earlier))))];
    const why = missing.length === 0 ? 'all cached' : reasons.slice(0, 2).join('; ');
    return [{ stage, jobs: jobs.length, cached: jobs.length - missing.length, why }];
  });
}

function whyMissing({ node, recipe }: PlannedJob, earlier: ReadonlyMap<string, Recipe>): string {
  const before = earlier.get(node.key);
  if (!before) return 'not computed yet';
  const changes = recipeChanges(before, recipe);
  return changes.length === 0
    ? 'its result is gone from the store or was never finished'
    : changes.join(', ');
}

/** The differences between two recipes of the same job, in words for users. */
export function recipeChanges(before: Recipe, after: Recipe): readonly string[] {
  const changes: string[] = [];
  if (before.version !== after.version) changes.push(`stage version ${before.version} -> ${after.version}`);
  changes.push(...valueChanges(before.config, after.config, ''));
  const roles = new Set([...before.inputs, ...after.inputs].map(({ role }) => role));
  for (const role of roles) {
    const idsOf = (recipe: Recipe): string =>
      (recipe.inputs.find((input) => input.role === role)?.ids ?? []).join();
    if (idsOf(before) !== idsOf(after)) changes.push(`input ${role} changed`);
  }
  const sourceHashes = (recipe: Recipe): Map<string, string> =>
    new Map(recipe.sources.map((s) => [s.name, s.sha256]));
  const [old, now] = [sourceHashes(before), sourceHashes(after)];
  for (const name of new Set([...old.keys(), ...now.keys()])) {
    if (!old.has(name)) changes.push(`file ${name} is new`);
    else if (!now.has(name)) changes.push(`file ${name} is gone`);
    else if (old.get(name) !== now.get(name)) changes.push(`file ${name} has other content`);
  }
  return changes;
}

/** The differences of two config values, key by key: `align.tauSv: 1 -> 0.1`. */
export function valueChanges(before: unknown, after: unknown, path: string): readonly string[] {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (isObject(before) && isObject(after))
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      valueChanges(before[key], after[key], path === '' ? key : `${path}.${key}`),
    );
  const [old, now] = [JSON.stringify(before), JSON.stringify(after)];
  return old === now ? [] : [`${path}: ${old ?? 'unset'} -> ${now ?? 'unset'}`];
}
