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
import type { Bus, Job } from './bus/bus.js';
import type { Config } from './config/schema.js';
import { HafError } from './core/errors.js';
import { inCanonicalOrder } from './core/modality.js';
import { upstreamOf } from './graph.js';
import type { Plan, PlannedJob } from './plan.js';
import type { RunEvent } from './runs/events.js';
import type { ArtifactStore, Manifest } from './store/store.js';
import { stages } from './stages.js';

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
  readonly store: ArtifactStore;
  /** Keys of jobs to compute although their artifact exists (a forced replay). */
  readonly force?: ReadonlySet<string>;
}

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
  const { bus, run } = context;
  const blocker = before.find(({ state }) => state === 'failed' || state === 'skipped');
  const { key: name, stage, unit } = job.node;
  const about = { job: name, stage, unit, artifact: job.id };
  if (blocker)
    return defer(async () => {
      await bus.publish(run, { type: 'job-skipped', ...about, because: blocker.job.node.key });
      return { state: 'skipped' as const, job };
    });
  const { cached } = job;
  if (cached && !context.force?.has(name))
    return defer(async () => {
      await bus.publish(run, { type: 'job-cached', ...about, metrics: cached.metrics });
      return { state: 'cached' as const, job, manifest: cached };
    });
  return submit(job, context);
}

/** Queues a job and waits for its end on the event log. */
function submit(job: PlannedJob, context: GraphRun): Observable<JobOutcome> {
  const { bus, run, store } = context;
  const ended = bus.events(run).pipe(
    filter((event) => event.type === 'job-done' || event.type === 'job-failed'),
    filter((event) => event.artifact === job.id),
    first(),
    mergeMap(async (event): Promise<JobOutcome> => {
      if (event.type === 'job-failed') return { state: 'failed', job, error: failureOf(event) };
      const manifest = await store.manifest(job.id);
      return manifest ? { state: 'done', job, manifest } : { state: 'failed', job, error: gone(job) };
    }, 1),
  );
  return merge(defer(() => bus.enqueue(jobOf(job, context))).pipe(ignoreElements()), ended);
}

/** The error of a failed job as the event log tells it, with the job named. */
function failureOf({ job, error }: Extract<RunEvent, { type: 'job-failed' }>): HafError {
  const { stack } = error.context;
  return new HafError(error.code, `${job}: ${error.what}`, error.fix, {
    context: typeof stack === 'string' ? { stack } : {},
  });
}

const gone = ({ node }: PlannedJob): HafError =>
  new HafError(
    'HAF_STORE_CORRUPT',
    `${node.key}: its result is not in the store although it was just computed.`,
    'Run the same command again, and check that nothing else writes to the store.',
  );

function jobOf({ node, id, recipe }: PlannedJob, { run, config, force }: GraphRun): Job {
  return {
    v: 1,
    run,
    key: node.key,
    artifact: id,
    stage: node.stage,
    unit: node.unit,
    class: stages[node.stage].class,
    config: recipe.config,
    modalities: [...inCanonicalOrder(config.modalities)],
    inputs: recipe.inputs.map(({ role, ids }) => ({ role, ids: [...ids] })),
    sources: [...node.sources],
    replace: force?.has(node.key) ?? false,
  };
}
