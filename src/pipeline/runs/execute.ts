import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { relative } from 'node:path';
import {
  defer,
  endWith,
  filter,
  firstValueFrom,
  from,
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
import type { Bus } from '../bus/bus.js';
import { exitCodes, type ExitCode } from '../core/errors.js';
import type { Problem } from '../core/problem.js';
import { summarisePlan, type Plan } from '../plan.js';
import { runGraph, type JobOutcome } from '../run-graph.js';
import { configYaml } from '../config/print.js';
import type { WorkerObserver } from '../observe/worker-observer.js';
import type { RunEvent } from '../run-event.js';
import { blamesFile } from './lost-files.js';
import { materialise, writeProblems, writeSummary } from './materialise.js';
import { isInvented } from './invented.js';
import { writeChecks } from './write-checks.js';
import { writeTileTable } from './tile-table.js';
import { writeTrace } from './trace-file.js';
import type { PreparedRun } from './prepare.js';
import type { Manifest } from '../store/store.js';
import { assertRoomFor } from './room-for.js';
import { lockRun } from './run-lock.js';
import type { RunFile } from './run-directory.js';

export interface ExecuteOptions {
  readonly bus: Bus;
  /** Number of training processes on this machine. 0 leaves training to other workers. */
  readonly workers: number;
  readonly backend: string;
  readonly checkpointEpochs: number;
  readonly codeVersion: string;
  /** The jobs to execute. If absent: all jobs of the plan. */
  readonly jobs?: Plan;
  /** Keys of jobs to compute even if their artifact exists. */
  readonly force?: ReadonlySet<string>;
  /** Receives events as they happen. */
  readonly onEvent: (event: RunEvent) => void;
  /** Observes the worker of this machine, in addition to the run's events. */
  readonly observer: Partial<WorkerObserver>;
  /** First abort (a first Ctrl-C): take no new job, and finish the running jobs of this machine. */
  readonly drain: AbortSignal;
  /** Second abort (a second Ctrl-C): also stop the running jobs. */
  readonly stop: AbortSignal;
}

export interface ExecuteResult {
  readonly state: Exclude<RunFile['state'], 'running'>;
  readonly exitCode: ExitCode;
  readonly outcomes: readonly JobOutcome[];
  /** The problems of all jobs of the run: what was left out, and what looks wrong. */
  readonly problems: readonly Problem[];
}

/**
 * Executes a prepared run, with the workers of this machine and any that have joined the bus, and fills its run
 * directory. If a failed job, Ctrl-C or kill -9 ends it, finished artifacts stay, and the same call resumes from
 * them.
 */
export async function executeRun(prepared: PreparedRun, options: ExecuteOptions): Promise<ExecuteResult> {
  const { directory, config, store } = prepared;
  assertRoomFor(prepared.files.bags);
  const lock = await lockRun(directory.path, directory.run);
  try {
    directory.write('config.resolved.yaml', configYaml(config));
    directory.log.mend();
    await store.sweep(Date.now());
    directory.writePlan(prepared.plan);
    if (prepared.checks !== null) await writeChecks(prepared, prepared.checks);
    return await recorded(prepared, options, (log) => runJobs(prepared, options, log));
  } finally {
    await lock.release();
  }
}

/** The events of a run, while they are written to the log. */
interface RunLog {
  /** Id of the first event of this execution. */
  readonly session: string;
  /** The events from the first event of this execution on. */
  readonly events: Observable<RunEvent>;
  /** Fails (observable error) if an event could not be written or the log ended early. */
  readonly fault: Observable<never>;
}

/** How the jobs of a run ended, before the result of the run is decided. */
interface Worked {
  readonly outcomes: readonly JobOutcome[];
  /** The manifests of this execution, by artifact id. */
  readonly accepted: ReadonlyMap<string, Manifest>;
  readonly cancelled: boolean;
}

/** Executes a run between its first and last event, and writes its state to run.json, however it ends. */
async function recorded(
  prepared: PreparedRun,
  options: ExecuteOptions,
  work: (log: RunLog) => Promise<Worked>,
): Promise<ExecuteResult> {
  const { directory, config, dataRoot } = prepared;
  const { codeVersion, bus } = options;
  const record = (state: RunFile['state'], traced: RunFile['traced'] | null = null): void =>
    directory.writeInfo({
      ...{ state, config, dataRoot, codeVersion, host: hostname(), node: process.version },
      ...(traced ? { traced } : {}),
    });
  const tracedBefore = directory.exists() ? directory.info().traced : undefined;
  record('running');
  const session = randomUUID();
  const [fault, current, last] = [new Subject<never>(), new Subject<RunEvent>(), new Subject<void>()];
  let begun = false;
  const log = directory.log.open();
  const reading = bus.events(directory.run).subscribe({
    next: (event) => {
      try {
        begun ||= event.type === 'run-started' && event.session === session;
        // A broker replays the events of earlier executions. Events that an earlier execution has written are not
        // written again.
        const logged = log.append(event, begun);
        if (logged) options.onEvent(logged);
      } catch (error) {
        fault.error(error);
      }
      if (begun) current.next(event);
      if (begun && event.type === 'run-finished') last.next();
    },
    error: (error) => fault.error(error),
  });
  const started = performance.now();
  const finish = async (state: ExecuteResult['state'], outcomes: readonly JobOutcome[]): Promise<void> => {
    const report = outcomes.some((o) => 'manifest' in o && o.job.node.stage === 'report');
    const written = firstValueFrom(merge(last, fault), { defaultValue: undefined });
    // If the log has failed already, this promise is rejected before the code below awaits it. Without this handler,
    // Node would end the process because of an unhandled rejection.
    written.catch(() => undefined);
    await bus.publish(directory.run, {
      type: 'run-finished',
      run: directory.run,
      outcome: state,
      seconds: (performance.now() - started) / 1000,
      directory: relative('.', directory.path),
      report: report ? relative('.', `${directory.path}/report.html`) : null,
      failures: outcomes.filter((outcome) => outcome.state === 'failed').length,
    });
    await written;
    record(state, writeTrace(directory, tracedBefore));
  };
  try {
    const worked = await work({ session, events: current, fault });
    const result = await conclude(prepared, worked, options);
    await finish(result.state, result.outcomes);
    return result;
  } catch (error) {
    // On a full disk this write fails, too. The user must see the error that ended the run, so the error of this write
    // is ignored.
    await finish('failed', []).catch(() => undefined);
    throw error;
  } finally {
    reading.unsubscribe();
    log.close();
    // No more events come. This releases code that still waits for an event.
    current.complete();
  }
}

async function runJobs(
  prepared: PreparedRun,
  options: ExecuteOptions,
  { session, events, fault }: RunLog,
): Promise<Worked> {
  const { directory, config, store } = prepared;
  const { run } = directory;
  const { bus, workers, backend, codeVersion, force } = options;
  const plan = options.jobs ?? prepared.plan;
  const { startWorker } = await import('../../workers/worker.js');
  await bus.publish(run, {
    type: 'run-started',
    run,
    session,
    workers,
    bus: bus.about,
    methods: [...config.methods],
    folds: config.cv.folds,
    plan: [...summarisePlan(plan, prepared.earlier, force)],
  });
  const recipes = new Map(plan.map(({ id, recipe }) => [id, recipe]));
  const worker = await startWorker({
    ...{ bus, run, backend, codeVersion, observer: options.observer, role: 'orchestrator' },
    ...{ classes: ['cpu', 'gpu'], trainers: workers, anyVersion: false },
    checkpointEpochs: options.checkpointEpochs,
    // Runs with other stores may share the broker. The jobs of these runs are left to their own workers.
    serves: (job) => job.store === store.uri,
    storeOf: () => Promise.resolve(store),
    data: null,
    recipeOf: (artifact) => recipes.get(artifact) ?? null,
  });
  const invented = isInvented(prepared.files);
  const collected: JobOutcome[] = [];
  const accepted = new Map<string, Manifest>();
  const graph = runGraph({
    ...{ run, config, plan, bus, events, store, codeVersion },
    ...(force ? { force } : {}),
    accept: async (manifest) => {
      await materialise(manifest, store, directory, invented);
      // A job is accepted a second time if its artifact was damaged and is computed again. The second manifest replaces
      // the first one, in the store and here.
      accepted.set(manifest.id, manifest);
    },
  }).pipe(tap((outcome) => collected.push(outcome)));
  let cancelled = false;
  const cancel = async (): Promise<void> => {
    cancelled = true;
    await bus.cancel(run);
    await worker.stop();
    // Cancel again: the last finished jobs made further jobs ready, which were queued in the meantime.
    await bus.cancel(run);
  };
  /**
   * Ends the run early. While the running jobs end, jobs that depend on them are queued, and stopped jobs are handed
   * back. No worker will execute these jobs, so they are withdrawn from the queue.
   */
  const ending = async (ended: Promise<void>): Promise<void> => {
    await bus.withdraw(run);
    await ended;
    await bus.withdraw(run);
  };
  // The run ends when the graph is complete, or when the run was asked to end and the jobs of this machine have ended.
  const interrupted = merge(
    aborted(options.drain).pipe(mergeMap(() => ending(worker.drain()), 1)),
    aborted(options.stop).pipe(mergeMap(() => ending(worker.stop()), 1)),
    events.pipe(
      filter(({ type }) => type === 'cancel-requested'),
      mergeMap(cancel, 1),
    ),
  );
  const settled = graph.pipe(takeUntil(interrupted), ignoreElements(), endWith(null));
  // If a lane of this worker fails for good, the run ends with its error. Otherwise the run would wait for ever.
  const broken = from(worker.ended).pipe(ignoreElements());
  try {
    await firstValueFrom(merge(settled, fault, broken));
    return { outcomes: collected, accepted, cancelled };
  } finally {
    await worker.stop().catch(() => undefined);
    await worker.close();
  }
}

/** Emits once the signal is aborted, even if it was aborted before the subscription. */
const aborted = (signal: AbortSignal): Observable<unknown> =>
  defer(() => (signal.aborted ? of(null) : fromEvent(signal, 'abort')));

/** Writes the final files of the run and returns how it ended. */
async function conclude(
  { directory, store, plan, lost, files }: PreparedRun,
  { outcomes, accepted, cancelled }: Worked,
  options: ExecuteOptions,
): Promise<ExecuteResult> {
  // A replay executes only some jobs of a run, but summary.json and problems.csv cover all of them.
  const manifests = plan.flatMap(({ id, cached }) => accepted.get(id) ?? cached ?? []);
  await writeSummary(manifests, store, directory, isInvented(files));
  await writeTileTable(manifests, lost, store, directory);
  const failures = outcomes.filter((outcome) => outcome.state === 'failed');
  // A failed job has no manifest, so the problems come from its error.
  const told = failures.flatMap(({ error }) => error.problems);
  const problems = writeProblems(manifests, directory, [...lost, ...told]);
  const found = { outcomes, problems };
  if (cancelled) return { state: 'cancelled', exitCode: exitCodes.interrupted, ...found };
  if (options.drain.aborted && outcomes.length < (options.jobs ?? plan).length)
    return { state: 'interrupted', exitCode: exitCodes.interrupted, ...found };
  // A single missing slide does not make the whole run fail. A full disk makes it fail, whichever job reports the full
  // disk.
  const worst = failures.find((failure) => !blamesFile(failure));
  if (worst && worst.error.exitCode !== exitCodes.finishedWithFailures)
    return { state: 'failed', exitCode: worst.error.exitCode, ...found };
  if (failures.length > 0)
    return { state: 'finished-with-failures', exitCode: exitCodes.finishedWithFailures, ...found };
  if (problems.some(({ severity }) => severity === 'failure'))
    return { state: 'finished-with-failures', exitCode: exitCodes.finishedWithFailures, ...found };
  return {
    state: manifests.length === plan.length ? 'succeeded' : 'partial',
    exitCode: exitCodes.ok,
    ...found,
  };
}
