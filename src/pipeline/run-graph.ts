import {
  defer,
  filter,
  first,
  forkJoin,
  ignoreElements,
  merge,
  mergeMap,
  of,
  shareReplay,
  type Observable,
} from 'rxjs';
import type { Bus } from './bus/bus.js';
import type { Job } from './bus/job.js';
import type { Config } from './config/schema.js';
import { HafError } from './core/errors.js';
import { upstreamOf } from './graph.js';
import type { Plan, PlannedJob } from './plan.js';
import { recipeBytes } from './recipe.js';
import type { RunEvent } from './run-event.js';
import type { ArtifactStore, Manifest } from './store/store.js';
import { classOf } from './stages.js';

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
  /** The run's events since it was started this time; what a former attempt left in the log is not among them. */
  readonly events: Observable<RunEvent>;
  readonly store: ArtifactStore;
  readonly codeVersion: string;
  /** Keys of jobs to compute although their artifact exists (a forced replay). */
  readonly force?: ReadonlySet<string>;
  /** Takes over what a job made. When it finds the artifact damaged (HAF_STORE_CORRUPT), the job is run again. */
  readonly accept?: (manifest: Manifest) => Promise<void>;
}

/** How often one job is run again because an artifact it needs, or its own, turned out to be damaged. */
const mostRepairs = 3;

/**
 * Runs a plan as a dataflow graph: each job is a shared Observable that waits for the jobs it reads, takes its
 * artifact from the store or puts a job on the bus, and ends with one outcome. All outcomes are emitted as they
 * come. How many jobs run at once is up to the workers, which pull; here every ready job is queued.
 */
export function runGraph(context: GraphRun): Observable<JobOutcome> {
  const outcomes = new Map<string, Observable<JobOutcome>>();
  for (const job of context.plan) {
    const upstream = upstreamOf(job.node).flatMap((key) => outcomes.get(key) ?? []);
    const ready = upstream.length === 0 ? of<JobOutcome[]>([]) : forkJoin(upstream);
    const outcome = ready.pipe(
      mergeMap((before) => settle(job, before, context), 1),
      shareReplay(1),
    );
    outcomes.set(job.node.key, outcome);
  }
  return merge(...outcomes.values());
}

function settle(job: PlannedJob, before: readonly JobOutcome[], context: GraphRun): Observable<JobOutcome> {
  const blocker = before.find(({ state }) => state === 'failed' || state === 'skipped');
  if (!blocker) return obtain(job, context, context.force?.has(job.node.key) ?? false, mostRepairs);
  return defer(async () => {
    const because = blocker.job.node.key;
    await context.bus.publish(context.run, { type: 'job-skipped', ...aboutOf(job), because });
    return { state: 'skipped' as const, job };
  });
}

/**
 * The artifact of a job: from the store if it is there by now, else from a worker. A damaged artifact - this one, or one
 * that a worker met among the inputs - has been set aside by whoever read it, so it is made anew like any other.
 */
function obtain(job: PlannedJob, context: GraphRun, force: boolean, repairs: number): Observable<JobOutcome> {
  const { bus, run, store } = context;
  const found = defer(async (): Promise<JobOutcome | null> => {
    const manifest = force ? null : await store.manifest(job.id);
    if (!manifest) return null;
    await bus.publish(run, { type: 'job-cached', ...aboutOf(job), metrics: manifest.metrics });
    return { state: 'cached', job, manifest };
  });
  return found.pipe(
    mergeMap((outcome) => (outcome ? of(outcome) : submit(job, context, force)), 1),
    mergeMap(async (outcome) => ({ outcome, damaged: await damageOf(outcome, context) }), 1),
    mergeMap(({ outcome, damaged }): Observable<JobOutcome> => {
      if (!damaged) return of(outcome);
      if (repairs === 0) return of({ state: 'failed', job, error: damaged });
      const culprit = context.plan.find(({ id }) => id === damaged.context['artifact']);
      if (!culprit) return of({ state: 'failed', job, error: damaged });
      const again = obtain(job, context, force && outcome.state === 'failed', repairs - 1);
      if (culprit === job) return again;
      const mended = obtain(culprit, context, false, repairs - 1);
      return mended.pipe(
        mergeMap((other) => (other.state === 'failed' ? of<JobOutcome>({ ...other, job }) : again), 1),
      );
    }, 1),
  );
}

/** The damage that an outcome tells of: what a worker reported, or what we meet when we take the artifact over. */
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
function submit(job: PlannedJob, context: GraphRun, force: boolean): Observable<JobOutcome> {
  const { bus, run, store } = context;
  const ended = context.events.pipe(
    filter((event) => event.type === 'job-done' || event.type === 'job-failed'),
    filter((event) => event.artifact === job.id),
    first(),
    mergeMap(async (event): Promise<JobOutcome> => {
      if (event.type === 'job-failed') return { state: 'failed', job, error: failureOf(event) };
      const manifest = await store.manifest(job.id);
      return manifest ? { state: 'done', job, manifest } : { state: 'failed', job, error: gone(job) };
    }, 1),
  );
  const queue = defer(async () => {
    await store.write('recipe', recipeBytes(job.recipe));
    await bus.publish(run, { type: 'job-queued', ...aboutOf(job) });
    await bus.enqueue(jobOf(job, context, force));
  });
  return merge(ended, queue.pipe(ignoreElements()));
}

const aboutOf = ({ node: { key, stage, unit }, id }: PlannedJob) => ({ job: key, stage, unit, artifact: id });

/** The error of a failed job as the event log tells it, with the job named. */
function failureOf({ job, error }: Extract<RunEvent, { type: 'job-failed' }>): HafError {
  const { stack, artifact } = error.context;
  return new HafError(error.code, `${job}: ${error.what}`, error.fix, {
    context: {
      ...(typeof stack === 'string' ? { stack } : {}),
      ...(typeof artifact === 'string' ? { artifact } : {}),
    },
  });
}

const gone = ({ node, id }: PlannedJob): HafError =>
  new HafError(
    'HAF_STORE_CORRUPT',
    `${node.key}: its result is not in the store although it was just computed.`,
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
