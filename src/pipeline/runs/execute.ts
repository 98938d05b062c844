import { hostname } from 'node:os';
import { relative } from 'node:path';
import {
  defer,
  endWith,
  firstValueFrom,
  fromEvent,
  ignoreElements,
  merge,
  mergeMap,
  of,
  Subject,
  takeUntil,
  tap,
  type Observable,
} from 'rxjs';
import { InProcessBus } from '../bus/in-process.js';
import { exitCodes, type ExitCode } from '../core/errors.js';
import type { Problem } from '../core/problem.js';
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
  /** What was left out or looks wrong, of all jobs of the run. */
  readonly problems: readonly Problem[];
}

/**
 * Executes a prepared run on this machine and fills its run directory. Whatever ends it - a failed job, Ctrl-C,
 * kill -9 - finished artifacts stay, and the same call goes on from them.
 */
export async function executeRun(prepared: PreparedRun, options: ExecuteOptions): Promise<ExecuteResult> {
  const { directory, config, store } = prepared;
  const lock = await lockRun(directory.path, directory.run);
  try {
    directory.write('config.resolved.yaml', configYaml(config));
    directory.mendLog();
    await store.sweep(Date.now());
    directory.writePlan(prepared.plan);
    return await recorded(prepared, options, (log) => runJobs(prepared, options, log));
  } finally {
    await lock.release();
  }
}

/** The bus of a run whose events are being written; `fault` errors when one could not be. */
interface RunLog {
  readonly bus: InProcessBus;
  readonly fault: Observable<never>;
}

/** Brackets the work of a run with its state in run.json and its first and last event, whatever ends it. */
async function recorded(
  prepared: PreparedRun,
  options: ExecuteOptions,
  work: (log: RunLog) => Promise<readonly JobOutcome[]>,
): Promise<ExecuteResult> {
  const { directory, config, dataRoot } = prepared;
  const { codeVersion } = options;
  const record = (state: RunFile['state']): void =>
    directory.writeInfo({ state, config, dataRoot, codeVersion, host: hostname(), node: process.version });
  record('running');
  const bus = new InProcessBus({ firstSeq: (directory.events().at(-1)?.seq ?? 0) + 1 });
  const fault = new Subject<never>();
  const events = bus.events(directory.run).subscribe((event) => {
    try {
      directory.append(event);
      options.onEvent(event);
    } catch (error) {
      fault.error(error);
    }
  });
  const started = performance.now();
  const finish = async (state: ExecuteResult['state'], outcomes: readonly JobOutcome[]): Promise<void> => {
    const report = outcomes.some((o) => 'manifest' in o && o.job.node.stage === 'report');
    await bus.publish(directory.run, {
      type: 'run-finished',
      run: directory.run,
      outcome: state,
      seconds: (performance.now() - started) / 1000,
      directory: relative('.', directory.path),
      report: report ? relative('.', `${directory.path}/report.html`) : null,
      failures: outcomes.filter((outcome) => outcome.state === 'failed').length,
    });
    writeTrace(directory.events(), directory);
    record(state);
  };
  try {
    const result = conclude(prepared, await work({ bus, fault }), options);
    await finish(result.state, result.outcomes);
    return result;
  } catch (error) {
    // On a full disk this cannot be written either; the error that ended the run is the one to show.
    await finish('failed', []).catch(() => undefined);
    throw error;
  } finally {
    events.unsubscribe();
    await bus.close();
  }
}

async function runJobs(
  prepared: PreparedRun,
  options: ExecuteOptions,
  { bus, fault }: RunLog,
): Promise<readonly JobOutcome[]> {
  const { directory, config, store } = prepared;
  const { run } = directory;
  const { workers, backend, codeVersion, force } = options;
  const plan = options.jobs ?? prepared.plan;
  const { startLocalWorker } = await import('../../workers/local.js');
  await bus.publish(run, {
    type: 'run-started',
    run,
    workers,
    bus: bus.about,
    methods: [...config.methods],
    folds: config.cv.folds,
    plan: [...summarisePlan(plan, prepared.earlier, force)],
  });
  const worker = startLocalWorker({ bus, store, trainers: workers, backend, codeVersion });
  const collected: JobOutcome[] = [];
  const graph = runGraph({ run, config, plan, bus, store, ...(force ? { force } : {}) }).pipe(
    tap((outcome) => {
      collected.push(outcome);
      if ('manifest' in outcome) materialise(outcome.manifest, store, directory);
    }),
  );
  // Whichever comes first: the graph is settled, or the user asked to stop and the running jobs have ended.
  const interrupted = merge(
    aborted(options.drain).pipe(mergeMap(() => worker.drain(), 1)),
    aborted(options.stop).pipe(mergeMap(() => worker.stop(), 1)),
  );
  const settled = graph.pipe(takeUntil(interrupted), ignoreElements(), endWith(null));
  try {
    await firstValueFrom(merge(settled, fault));
    return collected;
  } finally {
    await worker.stop();
    await worker.close();
  }
}

/** Emits once the signal is aborted, also when it was before anybody listened. */
const aborted = (signal: AbortSignal): Observable<unknown> =>
  defer(() => (signal.aborted ? of(null) : fromEvent(signal, 'abort')));

/** Writes the run's closing files and tells how it ended. */
function conclude(
  { directory, store, plan }: PreparedRun,
  outcomes: readonly JobOutcome[],
  options: ExecuteOptions,
): ExecuteResult {
  const made = new Map(outcomes.flatMap((o) => ('manifest' in o ? [[o.job.id, o.manifest] as const] : [])));
  // A replay touches some jobs of a run; its summary and problems are those of all of them.
  const manifests = plan.flatMap(({ id, cached }) => made.get(id) ?? cached ?? []);
  writeSummary(manifests, store, directory);
  const problems = writeProblems(manifests, directory);
  const found = { outcomes, problems };
  const failure = outcomes.find((outcome) => outcome.state === 'failed');
  if (options.drain.aborted && outcomes.length < (options.jobs ?? plan).length)
    return { state: 'interrupted', exitCode: exitCodes.interrupted, ...found };
  if (failure) return { state: 'failed', exitCode: failure.error.exitCode, ...found };
  if (problems.some(({ severity }) => severity === 'failure'))
    return { state: 'finished-with-failures', exitCode: exitCodes.finishedWithFailures, ...found };
  return { state: manifests.length === plan.length ? 'succeeded' : 'partial', exitCode: exitCodes.ok, ...found };
}
