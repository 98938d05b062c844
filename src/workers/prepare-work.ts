import { readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import type { Job } from '../pipeline/bus/job.js';
import { mapAtOnce } from '../pipeline/core/at-once.js';
import { HafError } from '../pipeline/core/errors.js';
import { parseRecipe, recipeText } from '../pipeline/recipe.js';
import { stages } from '../pipeline/stages.js';
import { eventually } from '../pipeline/store/eventually.js';
import type { ArtifactStore, Wanted } from '../pipeline/store/store.js';
import { locateSources, watchSources } from './locate-sources.js';
import type { PerformOptions } from './perform.js';
import { fetchCheckpoint } from './share-checkpoint.js';
import type { Work } from './work.js';

const lookupsAtOnce = 16;
const looksInARow = 16;

/** Work that is ready to start, with the functions to call after its end. */
export interface PreparedWork {
  readonly work: Work;
  /** Call it when the work has ended. @throws HafError HAF_DATA_CHANGED when a source has changed in the meantime */
  readonly assertSources: () => void;
  readonly release: () => Promise<void>;
}

/**
 * Fetches all inputs of a job to this machine: its recipe, its input artifacts, its source files.
 *
 * @throws HafError HAF_WORKER_UNFIT if the recipe is not in the store; HAF_STORE_CORRUPT that names an artifact
 * which is not in the store; HAF_DATA_MISSING if this machine lacks one of the user's files; HAF_DATA_CHANGED if the
 * content of such a file differs from the planned one
 */
export async function prepareWork(
  job: Job,
  store: ArtifactStore,
  { data, recipeOf }: Pick<PerformOptions, 'data' | 'recipeOf'>,
): Promise<PreparedWork> {
  const planned = recipeOf?.(job.artifact) ?? null;
  // A recipe that this process has planned is written as JSON and parsed again, like a stored recipe. JSON leaves out
  // keys whose value is undefined. So every worker sees the same keys, whether it planned the recipe or read it.
  const text = planned === null ? await storedRecipe(job, store) : recipeText(planned);
  const { config, inputs } = parseRecipe(text, job.artifact);
  const opens = stages[job.stage].opens ?? {};
  const artifacts = inputs.flatMap(({ role, ids }) => ids.map((id) => ({ role, id })));
  // A local store is read in place and needs no `fetch`. So the manifests are dropped to save memory: there may be a
  // hundred thousand inputs.
  const inPlace = store.uri === store.localRoot;
  const looked = await mapAtOnce(artifacts, lookupsAtOnce, async ({ role, id }, index) => {
    // These look-ups are synchronous. After a number of them the event loop gets a turn, so that the heartbeats of
    // other jobs are sent in time.
    if (index % looksInARow === 0) await setImmediate();
    const files = opens[role];
    const manifest = await eventually(() => store.manifest(id, files));
    if (!manifest) throw absent(job, role, id);
    return inPlace ? null : { manifest, ...(files ? { files } : {}) };
  });
  const wanted: readonly Wanted[] = looked.filter((one) => one !== null);
  const sources = await locateSources(job.sources, data, store);
  const assertSources = watchSources(sources);
  await fetchCheckpoint(store, job.artifact);
  const pinned = await store.fetch(wanted);
  return {
    work: { ...job, config, inputs, sources, root: store.localRoot },
    assertSources,
    release: () => pinned.release(),
  };
}

async function storedRecipe(job: Job, store: ArtifactStore): Promise<string> {
  const path = await eventually(() => store.blob(job.artifact));
  if (path === null)
    throw new HafError(
      'HAF_WORKER_UNFIT',
      `The recipe of ${job.key} is not in the store ${store.uri}.`,
      'Check that --store names the store of the run on this machine. A folder must be shared between the machines: a folder of the same name is not enough.',
    );
  return readFile(path, 'utf8');
}

const absent = (job: Job, role: string, id: string): HafError =>
  new HafError(
    'HAF_STORE_CORRUPT',
    `${job.key} needs a ${role} artifact (${id.slice(0, 12)}) that is not in the store.`,
    'Run the same command again: what is missing will be computed.',
    { context: { artifact: id } },
  );
