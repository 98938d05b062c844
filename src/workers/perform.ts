import { exhaustMap, interval, Subject, throttleTime } from 'rxjs';
import type { Bus, Lease } from '../pipeline/bus/bus.js';
import type { Job } from '../pipeline/bus/job.js';
import { HafError } from '../pipeline/core/errors.js';
import type { LeaseEnd, Settlement, WorkerObserver } from '../pipeline/observe/worker-observer.js';
import type { Recipe } from '../pipeline/recipe.js';
import type { RunEventBody } from '../pipeline/run-event.js';
import type { EpochProgress } from '../pipeline/stage.js';
import type { ArtifactStore, Manifest } from '../pipeline/store/store.js';
import type { JobResult } from './execute-job.js';
import type { Executor } from './executor.js';
import { prepareWork } from './prepare-work.js';
import { shareCheckpoint } from './share-checkpoint.js';
import { assertSameVersion } from './same-version.js';

export interface PerformOptions {
  readonly bus: Bus;
  /** Id of this worker. */
  readonly worker: string;
  readonly codeVersion: string;
  /** Whether the worker also takes jobs that another version planned, with the same major number. */
  readonly anyVersion: boolean;
  /**
   * Whether this worker was started with the store of a job. Jobs of other stores are left to other workers.
   * @default every job
   */
  readonly serves?: (job: Job) => boolean;
  /** The store a job belongs to. @throws HafError when this machine cannot reach it */
  readonly storeOf: (job: Job) => Promise<ArtifactStore>;
  /** Folder of the cohort on this machine. If null, files are searched where the planning machine found them. */
  readonly data: string | null;
  /** The recipes that this process has planned. Other recipes are read from the store. @default none */
  readonly recipeOf?: (artifact: string) => Recipe | null;
  readonly observer: WorkerObserver;
}

/** Signals that end a running job: `stop` at once, `pause` after the current epoch with a checkpoint. */
export interface Stopping {
  readonly stop: AbortSignal;
  readonly pause: AbortSignal;
}

/**
 * Maximum time between two heartbeats, in milliseconds. It is short because another run may shorten the lease time of
 * the broker to two seconds while a job runs.
 */
const beatMs = 500;
/**
 * Minimum time between two epoch events, in milliseconds. Epochs in between are not published; the history of the
 * artifact has all of them.
 */
const epochEventMs = 250;

/**
 * Carries out one job from the claim to its settlement. Resolves to `unfit` when this machine could not do the job. The lane
 * then pauses (backoff) instead of claiming and declining the whole queue.
 */
export async function perform(
  lease: Lease,
  executor: Executor,
  options: PerformOptions,
  stopping: Stopping,
): Promise<'worked' | 'unfit'> {
  const { bus, worker, observer } = options;
  const { job, attempt } = lease;
  const about = aboutOf(job);
  const claimed = performance.now();
  const settled = (outcome: LeaseEnd, more: Partial<Settlement>): void =>
    observer.settled(job, { outcome, attempt, seconds: secondsSince(claimed), ...more });
  observer.claimed(job, attempt);
  const begun = advise(lease.publish({ type: 'job-started', ...about, worker, attempt }));
  // One heartbeat at a time: during an outage of the broker a heartbeat waits, and no further one is sent.
  const heartbeat = interval(Math.min(bus.leaseMs / 4, beatMs))
    .pipe(exhaustMap(() => advise(lease.heartbeat())))
    .subscribe();
  const epochs = new Subject<EpochProgress>();
  epochs
    .pipe(throttleTime(epochEventMs, undefined, { leading: true, trailing: true }))
    .subscribe((progress) => void advise(lease.publish({ ...progress, ...about, type: 'job-epoch' })));
  const onEpoch = (progress: EpochProgress): void => epochs.next(progress);
  try {
    const done = await compute(lease, executor, options, stopping, onEpoch).catch((thrown: unknown) =>
      HafError.from(thrown),
    );
    epochs.complete();
    await begun;
    // After this line only the bus can fail. That is no failure of the job: the lane ends, and the lease expires.
    if (done instanceof HafError) {
      const outcome = await giveBack(lease, done, options);
      settled(outcome, { error: done });
      return outcome === 'returned' ? 'unfit' : 'worked';
    }
    const verdict = await lease.commit(done);
    const { readSeconds, computeSeconds } = done;
    settled(verdict, computeSeconds > 0 ? { readSeconds, computeSeconds } : {});
    return 'worked';
  } finally {
    heartbeat.unsubscribe();
  }
}

type DoneEvent = Extract<RunEventBody, { type: 'job-done' }>;

/** Makes the artifact of the job, or finds it in the store already. Returns the event `job-done`. */
async function compute(
  lease: Lease,
  executor: Executor,
  options: PerformOptions,
  { stop, pause }: Stopping,
  onEpoch: (progress: EpochProgress) => void,
): Promise<DoneEvent> {
  const { job } = lease;
  assertSameVersion(job.codeVersion, options);
  const store = await options.storeOf(job);
  const started = performance.now();
  const doneEvent = (manifest: Manifest, readSeconds: number, computeSeconds: number): DoneEvent => ({
    type: 'job-done',
    ...aboutOf(job),
    worker: options.worker,
    seconds: secondsSince(started),
    readSeconds,
    computeSeconds,
    peakRssMiB: manifest.peakRssMiB,
    metrics: manifest.metrics,
    problems: manifest.problems.length,
  });
  // Idempotent: a worker that died after storing and before settling has left a complete result.
  const present = job.replace ? null : await store.manifest(job.artifact);
  if (present) return doneEvent(present, 0, 0);
  const { work, assertSources, release } = await prepareWork(job, store, options);
  try {
    const ready = secondsSince(started);
    const result = await executor.run(work, {
      ...{ onEpoch, pause },
      onCheckpoint: () => {
        options.observer.checkpoint(job);
        void advise(shareCheckpoint(store, job.artifact));
      },
      signal: AbortSignal.any([stop, lease.lost]),
    });
    assertSources();
    const computed = secondsSince(started) - ready;
    // A worker that has lost its lease, because it sent no heartbeat for too long, learns this here, before it stores
    // anything. An unreachable bus is ignored at this point.
    await advise(lease.confirm());
    if (lease.lost.aborted)
      throw new HafError('HAF_INTERRUPTED', `${job.key} is another worker's by now.`, '');
    // The manifest is written before the job is settled. A crash in between leaves a finished artifact. The other order
    // could leave a settled job without an artifact.
    const manifest = manifestOf(job, result, secondsSince(started), options);
    const stored = await store.commit(manifest, { replace: job.replace });
    await advise(store.dropCheckpoint(job.artifact));
    return doneEvent(stored, ready + result.readSeconds, computed - result.readSeconds);
  } finally {
    await release();
  }
}

async function giveBack(lease: Lease, error: HafError, { worker }: PerformOptions): Promise<LeaseEnd> {
  const { job } = lease;
  const about = aboutOf(job);
  const failed = ({ code, what, fix, context, problems }: HafError): RunEventBody => ({
    type: 'job-failed',
    ...about,
    error: {
      code,
      what,
      fix,
      context: { ...context },
      ...(problems.length > 0 && { problems: [...problems] }),
    },
  });
  if (error.code === 'HAF_INTERRUPTED') {
    const outcome = lease.lost.aborted ? 'fenced' : 'released';
    await lease.release();
    return outcome;
  }
  if (error.local)
    return lease.decline((way) =>
      way === 'returned' ? { type: 'job-returned', ...about, worker, reason: error.what } : failed(error),
    );
  return lease.fail(error.retryable, (verdict) => {
    if (verdict === 'given-up') return failed(error.retryable ? quarantined(lease, error) : error);
    return { type: 'job-retried', ...about, attempt: lease.attempt + 1, reason: error.what };
  });
}

/** The error of a job that failed in all its attempts, each time with a failure that looked transient. */
const quarantined = ({ job, attempt }: Lease, error: HafError): HafError =>
  new HafError(
    'HAF_JOB_QUARANTINED',
    `${job.key} failed ${attempt} times and was set aside. The last time: ${error.what}`,
    `${error.fix} The same command tries it again.`,
    { context: error.context },
  );

const secondsSince = (from: number): number => (performance.now() - from) / 1000;

const aboutOf = ({ key, stage, unit, artifact }: Job) => ({ job: key, stage, unit, artifact });

/**
 * Ignores the failure of a call. Used for calls whose failure has little effect, such as a missing progress event, or
 * is noticed when the lease is settled.
 */
const advise = (call: Promise<unknown>): Promise<unknown> => call.catch(() => undefined);

const manifestOf = (job: Job, result: JobResult, seconds: number, options: PerformOptions): Manifest => ({
  v: 1,
  id: job.artifact,
  key: job.key,
  stage: job.stage,
  unit: job.unit,
  codeVersion: options.codeVersion,
  files: [...result.files],
  problems: [...result.problems],
  metrics: { ...result.metrics },
  worker: options.worker,
  seconds,
  peakRssMiB: result.peakRssMiB,
});
