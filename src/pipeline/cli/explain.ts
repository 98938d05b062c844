import { hashOf } from '../core/canonical-json.js';
import { recipeChanges } from '../plan.js';
import { RunDirectory } from '../runs/run-directory.js';
import type { StageName } from '../stage.js';
import { openStore } from '../store/open-store.js';
import { chosenJobs } from './chosen-jobs.js';
import type { ExplainOptions } from './options.js';
import { printData, printJson } from './output.js';
import { textTable } from './text-table.js';

/** The run of `--run`. If a stage is given, "latest" means the latest run with jobs of this stage, if there is one. */
function runWith(stage: StageName | undefined, { runs, run }: ExplainOptions): RunDirectory {
  const found = RunDirectory.find(runs, run);
  if (run !== 'latest' || stage === undefined) return found;
  const hasStage = (one: RunDirectory): boolean =>
    [...one.recipes().values()].some((recipe) => recipe.stage === stage);
  return RunDirectory.list(runs).findLast(hasStage) ?? found;
}

/**
 * `explain [STAGE]`: for each job of a run its artifact, whether the artifact is in the store, and what changed in
 * its recipe.
 */
export async function explain(stage: StageName | undefined, options: ExplainOptions): Promise<void> {
  const directory = runWith(stage, options);
  const earlier = previousRun(directory);
  const before = earlier?.recipes() ?? new Map<string, never>();
  const store = await openStore(options.store);
  // The log is read backwards: the first event of a job must count, and in a Map the last entry of a key wins.
  const how = new Map(
    [...directory.events()]
      .reverse()
      .flatMap((event) => ('job' in event ? [[event.job, event.type] as const] : [])),
  );
  const jobs = [];
  const { fold } = options;
  for (const [job, recipe] of chosenJobs([...directory.recipes()], ([, recipe]) => recipe, { stage, fold })) {
    const artifact = hashOf(recipe);
    const old = before.get(job);
    const first = how.get(job) === 'job-cached' ? 'taken from the store' : 'first computed in this run';
    const why = !old ? [first] : hashOf(old) === artifact ? ['shared with it'] : recipeChanges(old, recipe);
    const stored = (await store.manifest(artifact)) !== null;
    jobs.push({ job, artifact, stored, why, recipe });
  }
  if (options.json) {
    printJson({ run: directory.run, comparedWith: earlier?.run ?? null, jobs });
    return;
  }
  printData(
    `run ${directory.run}, compared with ${earlier ? earlier.run : 'nothing: there is no earlier run of this name'}`,
  );
  const rows = jobs.map(({ job, artifact, stored, why }) => [
    job,
    artifact.slice(0, 12),
    stored ? 'in store' : 'missing',
    why.join('; '),
  ]);
  printData(textTable(['job', 'artifact', 'state', 'why'], rows));
}

function previousRun(directory: RunDirectory): RunDirectory | undefined {
  const { name, createdAt } = directory.info();
  return RunDirectory.list(directory.runs).findLast((run) => {
    const info = run.info();
    return info.name === name && run.run !== directory.run && info.createdAt < createdAt;
  });
}
