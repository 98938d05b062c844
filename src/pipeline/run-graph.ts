import { defer, EMPTY, first, ignoreElements, merge, mergeMap, of, take, tap, type Observable } from 'rxjs';
import type { Bus } from './bus/bus.js';
import type { Job } from './bus/job.js';
import type { Config } from './config/schema.js';
import { HafError } from './core/errors.js';
import { EndsByArtifact, type EndEvent } from './ends-by-artifact.js';
import { GraphProgress, type ReadyJob } from './graph-progress.js';
import type { Plan, PlannedJob } from './plan.js';
import { recipeBytes } from './recipe.js';
import type { RunEvent } from './run-event.js';
import type { ArtifactStore, Manifest } from './store/store.js';
import { classOf } from './stages.js';
import { windowed } from './windowed.js';

/** How a job of the graph ended. */
export type JobOutcome =
  | { readonly state: 'cached' | 'done'; readonly job: PlannedJob; readonly manifest: Manifest }
  | { readonly state: 'failed'; readonly job: PlannedJob; readonly error: HafError }
  | { readonly state: 'skipped'; readonly job: PlannedJob };

export interface GraphRun {
  readonly run: string;
  readonly config: Config;
  readonly plan: Plan;
  readonly bus: Bus;
  /** The events of this execution of the run. Events of earlier executions in the log are not included. */
  readonly events: Observable<RunEvent>;
  readonly store: ArtifactStore;
  readonly codeVersion: string;
  /** Keys of jobs to compute even if their artifact exists (a forced replay). */
  readonly force?: ReadonlySet<string>;
  /** Copies the result of a job into the run directory. If it throws HAF_STORE_CORRUPT, the job runs again. */
  readonly accept?: (manifest: Manifest) => Promise<void>;
  /**
   * Maximum number of jobs of each class on the bus at once, queued or running.
   * @default 2000
   */
  readonly window?: number;
}

/**
 * More jobs than all workers of a run compute at once. A longer queue would only mean more jobs to cancel at an
 * early end.
 */
const defaultWindow = 2000;
/** Maximum number of jobs handled at once that need no worker: their artifact exists, or they are skipped. */
const toldAtOnce = 64;

/**
 * Maximum number of times that one artifact is computed again for a job that found it damaged. It is the artifact of
 * this job or one of its inputs. A job reports one damaged artifact at a time, so a job with several damaged inputs
 * needs one attempt for each of them.
 */
const mostRepairs = 3;

/** What the jobs of one execution share. */
interface Execution extends GraphRun {
  readonly ends: EndsByArtifact;
  readonly jobOf: ReadonlyMap<string, PlannedJob>;
}

/**
 * Runs a plan as a dataflow graph. A job enters a window when the jobs it reads have ended. Its artifact is taken
 * from the store or made by a worker. Its outcome is fed back and makes other jobs ready. All outcomes are emitted as
 * they come. The workers decide how many jobs run at once, because they pull jobs. The windows limit how many jobs
 * are on the bus. Each class has its own window, so that many `cpu` jobs do not keep `gpu` jobs from their workers.
 */
export function runGraph(context: GraphRun): Observable<JobOutcome> {
  return defer(() => {
    const { plan, window = defaultWindow } = context;
    const progress = new GraphProgress(plan);
    const ends = new EndsByArtifact(context.events);
    const execution = { ...context, ends, jobOf: new Map(plan.map((job) => [job.id, job])) };
    const work = (ready: ReadyJob): Observable<JobOutcome> => settle(ready, execution);
    const windows = {
      told: windowed(toldAtOnce, work),
      cpu: windowed(window, work),
      gpu: windowed(window, work),
    };
    const push = (ready: ReadyJob): void => {
      const { node, cached } = ready.job;
      const told = ready.blocker !== null || (cached !== null && !isForced(ready.job, context));
      windows[told ? 'told' : classOf(node)].push(ready);
    };
    const outcomes = merge(...Object.values(windows).map(({ results }) => results)).pipe(
      tap(({ job, state }) =>
        progress.after(job.node.key, state === 'done' || state === 'cached').forEach(push),
      ),
    );
    const begin = defer(() => {
      progress.roots().forEach(push);
      return EMPTY;
    });
    return merge(outcomes, ends.dispatch, begin).pipe(take(plan.length));
  });
}

const isForced = ({ node }: PlannedJob, { force }: GraphRun): boolean => force?.has(node.key) ?? false;

function settle({ job, blocker }: ReadyJob, execution: Execution): Observable<JobOutcome> {
  if (blocker !== null)
    return defer(async () => {
      await execution.bus.publish(execution.run, { type: 'job-skipped', ...aboutOf(job), because: blocker });
      return { state: 'skipped' as const, job };
    });
  const force = isForced(job, execution);
  return obtain(job, execution, {
    force,
    repaired: [],
    known: force ? null : job.cached,
  });
}

interface Attempt {
  readonly force: boolean;
  /**
   * Ids of the damaged artifacts that were computed again for this job so far. If an artifact was computed again twice,
   * its id is listed twice.
   */
  readonly repaired: readonly string[];
  /** The manifest of the job's artifact. Null if the plan did not find it in the store. */
  readonly known: Manifest | null;
}

/**
 * The artifact of a job: from the store if it exists by now, else from a worker. If the artifact of this job or of
 * an input is damaged, the process that read it has set it aside. So it is computed again like any missing artifact.
 */
function obtain(
  job: PlannedJob,
  execution: Execution,
  { force, repaired, known }: Attempt,
): Observable<JobOutcome> {
  const { bus, run, store } = execution;
  const found = defer(async (): Promise<JobOutcome | null> => {
    const manifest = known ?? (force ? null : await store.manifest(job.id));
    if (!manifest) return null;
    await bus.publish(run, { type: 'job-cached', ...aboutOf(job), metrics: manifest.metrics });
    return { state: 'cached', job, manifest };
  });
  return found.pipe(
    mergeMap((outcome) => (outcome ? of(outcome) : submit(job, execution, force)), 1),
    mergeMap(async (outcome) => ({ outcome, damaged: await damageOf(outcome, execution) }), 1),
    mergeMap(({ outcome, damaged }): Observable<JobOutcome> => {
      if (!damaged) return of(outcome);
      const culprit = execution.jobOf.get(String(damaged.context['artifact']));
      const tries = repaired.filter((id) => id === culprit?.id).length;
      if (tries === mostRepairs || !culprit) return of({ state: 'failed', job, error: damaged });
      const next = { repaired: [...repaired, culprit.id], known: null };
      const again = obtain(job, execution, { ...next, force: force && outcome.state === 'failed' });
      if (culprit === job) return again;
      const mended = obtain(culprit, execution, { ...next, force: false });
      return mended.pipe(
        mergeMap((other) => (other.state === 'failed' ? of<JobOutcome>({ ...other, job }) : again), 1),
      );
    }, 1),
  );
}

/** The error of a damaged artifact: a worker found it and reported it as the outcome, or `accept` finds it here. */
async function damageOf(outcome: JobOutcome, { accept }: GraphRun): Promise<HafError | null> {
  if (outcome.state === 'failed') return outcome.error.code === 'HAF_STORE_CORRUPT' ? outcome.error : null;
  if (outcome.state === 'skipped') return null;
  try {
    await accept?.(outcome.manifest);
    return null;
  } catch (error) {
    if (error instanceof HafError && error.code === 'HAF_STORE_CORRUPT') return error;
    throw error;
  }
}

/** Queues a job and waits for its end on the event log. */
function submit(job: PlannedJob, execution: Execution, force: boolean): Observable<JobOutcome> {
  const { bus, run, store, ends } = execution;
  const ended = ends.of(job.id).pipe(
    first(),
    mergeMap(async (event: EndEvent): Promise<JobOutcome> => {
      if (event.type === 'job-failed') return { state: 'failed', job, error: failureOf(event) };
      const manifest = await store.manifest(job.id);
      return manifest ? { state: 'done', job, manifest } : { state: 'failed', job, error: gone(job) };
    }, 1),
  );
  const queue = defer(async () => {
    await store.write('recipe', recipeBytes(job.recipe));
    await bus.publish(run, { type: 'job-queued', ...aboutOf(job) });
    await bus.enqueue(jobOf(job, execution, force));
  });
  return merge(ended, queue.pipe(ignoreElements()));
}

const aboutOf = ({ node: { key, stage, unit }, id }: PlannedJob) => ({ job: key, stage, unit, artifact: id });

/** The error of a failed job from the event log, with the name of the job. */
function failureOf({ job, error }: Extract<RunEvent, { type: 'job-failed' }>): HafError {
  const { stack, artifact } = error.context;
  return new HafError(error.code, `${job}: ${error.what}`, error.fix, {
    problems: error.problems ?? [],
    context: {
      ...(typeof stack === 'string' ? { stack } : {}),
      ...(typeof artifact === 'string' ? { artifact } : {}),
    },
  });
}

const gone = ({ node, id }: PlannedJob): HafError =>
  new HafError(
    'HAF_STORE_CORRUPT',
    `${node.key}: its result is missing in the store although it was just computed.`,
    'Run the same command again, and check that nothing else writes to the store.',
    { context: { artifact: id } },
  );

function jobOf({ node, id }: PlannedJob, context: GraphRun, replace: boolean): Job {
  const { run, store, codeVersion } = context;
  return {
    v: 1,
    run,
    key: node.key,
    artifact: id,
    stage: node.stage,
    unit: node.unit,
    class: classOf(node),
    sources: [...node.sources],
    replace,
    store: store.uri,
    codeVersion,
  };
}
