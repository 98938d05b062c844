import { hostname } from 'node:os';
import { relative } from 'node:path';
import { fromEvent, lastValueFrom, merge, mergeMap, takeUntil, tap } from 'rxjs';
import { InProcessBus } from '../bus/in-process.js';
import { exitCodes, HafError, type ExitCode } from '../core/errors.js';
import { summarisePlan, type Plan } from '../plan.js';
import { runGraph, type JobOutcome } from '../run-graph.js';
import { configYaml } from '../config/print.js';
import type { RunEvent } from './events.js';
import { materialise, writeProblems, writeSummary, writeTrace } from './materialise.js';
import type { PreparedRun } from './prepare.js';
import { lockRun } from './run-lock.js';
import type { RunFile } from './run-directory.js';

export interface ExecuteOptions {
  readonly workers: number;
  readonly backend: string;
  readonly codeVersion: string;
  /** The jobs to bring to an end; all of the plan when absent. */
  readonly jobs?: Plan;
  /** Keys of jobs to compute although their artifact exists. */
  readonly force?: ReadonlySet<string>;
  /** Shows events as they happen. */
  readonly onEvent: (event: RunEvent) => void;
  /** First abort: take no new job, finish the running ones. */
  readonly drain: AbortSignal;
  /** Then: stop the running ones too. */
  readonly stop: AbortSignal;
}

export interface ExecuteResult {
  readonly state: Exclude<RunFile['state'], 'running'>;
  readonly exitCode: ExitCode;
  readonly outcomes: readonly JobOutcome[];
}

/**
 * Executes a prepared run on this machine and fills its run directory. Whatever ends it - a failed job, Ctrl-C,
 * kill -9 - finished artifacts stay, and the same call goes on from them.
 */
export async function executeRun(prepared: PreparedRun, options: ExecuteOptions): Promise<ExecuteResult> {
  const { directory, config, store } = prepared;
  const jobs = options.jobs ?? prepared.plan;
  const lock = await lockRun(directory.path, directory.run);
  try {
    directory.write('config.resolved.yaml', configYaml(config));
    directory.mendLog();
    await store.sweep(Date.now());
    const record = (state: RunFile['state']): void =>
      directory.writeInfo({
        state,
        config,
        dataRoot: prepared.dataRoot,
        codeVersion: options.codeVersion,
        host: hostname(),
        node: process.version,
      });
    record('running');
    directory.writePlan(prepared.plan);
    const bus = new InProcessBus({ firstSeq: (directory.events().at(-1)?.seq ?? 0) + 1 });
    const events = bus.events(directory.run).subscribe((event) => {
      directory.append(event);
      options.onEvent(event);
    });
    const started = performance.now();
    try {
      const outcomes = await runJobs(prepared, jobs, bus, options);
      const result = conclude(prepared, outcomes, jobs, options);
      const report = outcomes.some((o) => 'manifest' in o && o.job.node.stage === 'report');
      await bus.publish(directory.run, {
        type: 'run-finished',
        run: directory.run,
        outcome: result.state,
        seconds: (performance.now() - started) / 1000,
        directory: relative('.', directory.path),
        report: report ? relative('.', `${directory.path}/report.html`) : null,
        failures: outcomes.filter(({ state }) => state === 'failed').length,
      });
      writeTrace(directory.events(), directory);
      record(result.state);
      return result;
    } finally {
      events.unsubscribe();
      await bus.close();
    }
  } finally {
    await lock.release();
  }
}

async function runJobs(
  prepared: PreparedRun,
  jobs: Plan,
  bus: InProcessBus,
  options: ExecuteOptions,
): Promise<readonly JobOutcome[]> {
  const { directory, config, store } = prepared;
  const { startLocalWorker } = await import('../../workers/local.js');
  const { workers, backend, codeVersion } = options;
  await bus.publish(directory.run, {
    type: 'run-started',
    run: directory.run,
    workers,
    bus: bus.about,
    methods: [...config.methods],
    folds: config.cv.folds,
    plan: [...summarisePlan(jobs, prepared.earlier)],
  });
  const worker = startLocalWorker({ bus, store, trainers: workers, backend, codeVersion });
  const collected: JobOutcome[] = [];
  const { force } = options;
  const graph = runGraph({ run: directory.run, config, plan: jobs, bus, store, ...(force ? { force } : {}) });
  // Whichever comes first: the graph is settled, or the user asked to stop and the running jobs have ended.
  const interrupted = merge(
    fromEvent(options.drain, 'abort').pipe(mergeMap(() => worker.drain(), 1)),
    fromEvent(options.stop, 'abort').pipe(mergeMap(() => worker.stop(), 1)),
  );
  try {
    await lastValueFrom(
      graph.pipe(
        tap((outcome) => {
          collected.push(outcome);
          if ('manifest' in outcome) materialise(outcome.manifest, store, directory);
        }),
        takeUntil(interrupted),
      ),
      { defaultValue: null },
    );
    return collected;
  } finally {
    await worker.stop();
    await worker.close();
  }
}

/** Writes the run's closing files and tells how it ended. */
function conclude(
  { directory, store, plan }: PreparedRun,
  outcomes: readonly JobOutcome[],
  jobs: Plan,
  options: ExecuteOptions,
): ExecuteResult {
  writeSummary(outcomes, store, directory);
  const problems = writeProblems(outcomes, directory);
  if (options.drain.aborted && outcomes.length < jobs.length)
    return { state: 'interrupted', exitCode: exitCodes.interrupted, outcomes };
  const failed = outcomes.filter(({ state }) => state === 'failed');
  if (failed.length > 0) return { state: 'failed', exitCode: failureCode(directory, failed), outcomes };
  if (problems.some(({ severity }) => severity === 'failure'))
    return { state: 'finished-with-failures', exitCode: exitCodes.finishedWithFailures, outcomes };
  const settled = new Set(outcomes.map(({ job }) => job.id));
  const complete = plan.every(({ id, cached }) => cached !== null || settled.has(id));
  return { state: complete ? 'succeeded' : 'partial', exitCode: exitCodes.ok, outcomes };
}

/** The exit code of the first failed job's error. */
function failureCode(directory: PreparedRun['directory'], failed: readonly JobOutcome[]): ExitCode {
  const key = failed[0]?.job.node.key;
  const event = directory.events().findLast((e) => e.type === 'job-failed' && e.job === key);
  if (event?.type !== 'job-failed') return exitCodes.unexpected;
  const { code, what, fix } = event.error;
  return HafError.fromData({ code, what, fix, context: {} }).exitCode;
}
