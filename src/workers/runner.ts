import {
  concatMap,
  defer,
  EMPTY,
  lastValueFrom,
  merge,
  of,
  repeat,
  Subject,
  takeWhile,
  throttleTime,
} from 'rxjs';
import type { Bus, Lease } from '../pipeline/bus/bus.js';
import { HafError } from '../pipeline/core/errors.js';
import type { EpochProgress, JobClass } from '../pipeline/stage.js';
import type { ArtifactStore, Manifest } from '../pipeline/store/store.js';
import type { Executor } from './executor.js';
import type { JobResult } from './execute-job.js';

/** A slot of a worker: it takes one job of its class at a time. */
export interface Lane {
  readonly jobClass: JobClass;
  readonly executor: Executor;
}

export interface RunnerOptions {
  readonly bus: Bus;
  readonly store: ArtifactStore;
  readonly worker: string;
  readonly codeVersion: string;
  readonly lanes: readonly Lane[];
  readonly heartbeatMs?: number;
}

export interface Runner {
  /** Takes no new job; resolves when the running ones are settled. */
  drain(): Promise<void>;
  /** Stops the running jobs as well; they go back to the queue. */
  stop(): Promise<void>;
}

/** More epochs a second than this are not worth a message; the history of the artifact has all of them. */
const epochEventMs = 250;

/** Pulls jobs lane by lane, computes them through the lane's executor and commits what they made. */
export function startRunner(options: RunnerOptions): Runner {
  const [draining, stopping] = [new AbortController(), new AbortController()];
  const lanes = options.lanes.map(({ jobClass, executor }) =>
    defer(() => options.bus.claim(jobClass, options.worker, draining.signal)).pipe(
      takeWhile((lease) => lease !== null),
      concatMap((lease) => perform(lease, executor, options, stopping.signal)),
      repeat({ delay: () => (draining.signal.aborted ? EMPTY : of(true)) }),
    ),
  );
  const finished = lastValueFrom(merge(...lanes), { defaultValue: undefined });
  // A bus that fails ends the lanes; drain() and stop() report it, and until then nobody waits for it.
  finished.catch(() => undefined);
  const drain = (): Promise<void> => {
    draining.abort();
    return finished;
  };
  return {
    drain,
    stop: () => {
      stopping.abort();
      return drain();
    },
  };
}

async function perform(
  lease: Lease,
  executor: Executor,
  options: RunnerOptions,
  stop: AbortSignal,
): Promise<void> {
  const { bus, worker } = options;
  const { job } = lease;
  const about = { job: job.key, stage: job.stage, unit: job.unit, artifact: job.artifact };
  await advise(bus.publish(job.run, { type: 'job-started', ...about, worker, attempt: lease.attempt }));
  const started = performance.now();
  const heartbeat = setInterval(() => void advise(lease.heartbeat()), options.heartbeatMs ?? 15_000);
  const epochs = new Subject<EpochProgress>();
  epochs
    .pipe(throttleTime(epochEventMs, undefined, { leading: true, trailing: true }))
    .subscribe((progress) => {
      void advise(bus.publish(job.run, { ...progress, ...about, type: 'job-epoch' }));
    });
  try {
    const result = await executor.run(job, {
      onEpoch: (progress) => epochs.next(progress),
      onCheckpoint: () => undefined,
      signal: stop,
      pause: stop,
    });
    epochs.complete();
    const seconds = (performance.now() - started) / 1000;
    // The manifest first: a crash in between leaves a finished artifact, never a settled job without one.
    const computed = manifestOf(lease, result, seconds, options);
    // What is told is what is stored: another process may have finished the same artifact first.
    const { metrics, problems } = await options.store.commit(computed, { replace: job.replace });
    if ((await lease.commit()) === 'fenced') return;
    await bus.publish(job.run, {
      type: 'job-done',
      ...about,
      worker,
      seconds,
      peakRssMiB: result.peakRssMiB,
      metrics,
      problems,
    });
  } catch (thrown) {
    epochs.complete();
    await giveBack(lease, HafError.from(thrown), bus);
  } finally {
    clearInterval(heartbeat);
  }
}

async function giveBack(lease: Lease, error: HafError, bus: Bus): Promise<void> {
  const { job } = lease;
  const about = { job: job.key, stage: job.stage, unit: job.unit, artifact: job.artifact };
  if (error.code === 'HAF_INTERRUPTED') return lease.release();
  const verdict = await lease.fail(error.retryable, () =>
    advise(
      bus.publish(job.run, {
        type: 'job-retried',
        ...about,
        attempt: lease.attempt + 1,
        reason: error.what,
      }),
    ),
  );
  if (verdict === 'given-up')
    await bus.publish(job.run, {
      type: 'job-failed',
      ...about,
      error: { ...error.toData(), context: { ...error.context } },
    });
}

/** For calls whose loss costs nothing but a line on the screen, or is noticed when the lease is settled. */
const advise = (call: Promise<void>): Promise<void> => call.catch(() => undefined);

const manifestOf = (lease: Lease, result: JobResult, seconds: number, options: RunnerOptions): Manifest => ({
  v: 1,
  id: lease.job.artifact,
  key: lease.job.key,
  stage: lease.job.stage,
  unit: lease.job.unit,
  codeVersion: options.codeVersion,
  files: [...result.files],
  problems: [...result.problems],
  metrics: { ...result.metrics },
  worker: options.worker,
  seconds,
  peakRssMiB: result.peakRssMiB,
});
