import { assertNever } from '../core/assert-never.js';
import type { RunEvent } from '../run-event.js';
import type { StageName } from '../stage.js';
import { encodingOf, type Encoding } from './encoding.js';
import { JobLedger, type JobCounts } from './job-ledger.js';

/** Progress of one stage. */
export interface StageState extends JobCounts {
  readonly stage: StageName;
  readonly jobs: number;
  /** Number of jobs that still need the result of another job. */
  readonly waiting: number;
}

/** A job that a worker holds. Its epochs are known while it trains. */
export interface RunningJob {
  readonly job: string;
  readonly stage: StageName;
  readonly worker: string;
  readonly attempt: number;
  /** Time at which the worker started the job, in ISO format. */
  readonly startedAt: string;
  readonly epoch: number | null;
  readonly epochs: number | null;
  /** Progress of a job that encodes tiles. Null for any other job. */
  readonly encoding: Encoding | null;
}

/**
 * The state of a run after the events so far. The terminal, `/metrics`, `status`, `failures` and the live page all show
 * this state; `advance` is the only code that interprets the events for them.
 */
export interface RunState {
  readonly run: string;
  /** Number of training processes on the machine that started the run. */
  readonly workers: number;
  /** Number of training jobs that the workers on other machines can run at once, as far as is known. */
  readonly elsewhere: number;
  readonly bus: string;
  readonly methods: readonly string[];
  readonly folds: number;
  /** Time of the event that started the run, in ISO format. */
  readonly startedAt: string | null;
  /** Time of the last event, in ISO format. */
  readonly lastAt: string | null;
  /** Sequence number of the last event in the log of the run. */
  readonly seq: number;
  /** The number of jobs of each stage. `stagesOf` says how many of them have ended. */
  readonly plan: readonly { readonly stage: StageName; readonly jobs: number }[];
  /** The states of single jobs. Successive states of a run share one ledger. Null before the first event. */
  readonly ledger: JobLedger | null;
  readonly running: readonly RunningJob[];
  readonly finished: Extract<RunEvent, { type: 'run-finished' }> | null;
}

export const emptyState: RunState = {
  run: '',
  workers: 0,
  elsewhere: 0,
  bus: '',
  methods: [],
  folds: 0,
  startedAt: null,
  lastAt: null,
  seq: 0,
  plan: [],
  ledger: null,
  running: [],
  finished: null,
};

const withoutJob = (running: readonly RunningJob[], job: string): readonly RunningJob[] =>
  running.filter((candidate) => candidate.job !== job);

type Measured = Extract<RunEvent, { type: 'job-done' | 'job-cached' }>;

/** Keeps the test metrics of a fold and method from the job that measured them. */
function keepScores(ledger: JobLedger, { stage, unit, metrics }: Measured): void {
  if (stage !== 'evaluate' || unit.method === undefined || unit.fold === undefined) return;
  ledger.scores.set(`${unit.method}/${unit.fold}`, metrics ?? {});
}

/** The state after one more event. Do not use the earlier state afterwards: both share one ledger. */
export function advance(before: RunState, event: RunEvent): RunState {
  const ledger = before.ledger ?? new JobLedger();
  const state = { ...before, ledger, lastAt: event.at, seq: event.seq };
  switch (event.type) {
    case 'run-started': {
      const { run, workers, bus, methods, folds, plan, at, seq } = event;
      const begun = {
        ...emptyState,
        run,
        workers,
        bus,
        methods,
        folds,
        plan,
        startedAt: at,
        lastAt: at,
        seq,
      };
      return { ...begun, elsewhere: before.elsewhere, ledger: new JobLedger(ledger.failures) };
    }
    case 'job-queued':
      ledger.set(event, 'queued');
      return state;
    case 'job-started': {
      const { job, stage, worker, attempt, at } = event;
      ledger.set(event, 'running');
      const started = {
        job,
        stage,
        worker,
        attempt,
        startedAt: at,
        epoch: null,
        epochs: null,
        encoding: null,
      };
      return { ...state, running: [...withoutJob(before.running, job), started] };
    }
    case 'job-epoch': {
      const { epoch, epochs } = event;
      const running = before.running.map((job) =>
        job.job === event.job ? { ...job, epoch, epochs, encoding: encodingOf(job.encoding, event) } : job,
      );
      return { ...state, running };
    }
    case 'job-retried':
    case 'job-returned':
      ledger.set(event, 'queued');
      return { ...state, running: withoutJob(before.running, event.job) };
    case 'job-done':
    case 'job-cached':
      ledger.set(event, event.type === 'job-done' ? 'done' : 'cached');
      keepScores(ledger, event);
      if (event.type === 'job-done') ledger.time(event.stage, event.seconds);
      return { ...state, running: withoutJob(before.running, event.job) };
    case 'job-failed':
    case 'job-skipped':
      ledger.fail(event);
      return { ...state, running: withoutJob(before.running, event.job) };
    case 'cancel-requested':
      return state;
    case 'run-finished':
      return { ...state, running: [], finished: event };
    default:
      return assertNever(event);
  }
}

/** Number of jobs of a stage that have ended: done, cached, failed or skipped. */
export const endedOf = ({ done, cached, failed, skipped }: JobCounts): number =>
  done + cached + failed + skipped;

/** Every stage of the run with the number of its jobs in each state. */
export const stagesOf = ({ plan, ledger }: RunState): readonly StageState[] =>
  plan.map(({ stage, jobs }) => {
    const counts = ledger?.of(stage);
    // A replay of one fold may get events of another fold, from a worker that still held a job of that fold when the
    // run was interrupted. So the counts are limited to the number of planned jobs.
    let room = jobs;
    const upTo = (count = 0): number => {
      const shown = Math.min(room, count);
      room -= shown;
      return shown;
    };
    const [failed, skipped] = [upTo(counts?.failed), upTo(counts?.skipped)];
    const [done, cached] = [upTo(counts?.done), upTo(counts?.cached)];
    const [running, queued] = [upTo(counts?.running), upTo(counts?.queued)];
    return { stage, jobs, waiting: room, queued, running, done, cached, failed, skipped };
  });

/** Number of jobs that have ended, and of all jobs. */
export function progressOf(state: RunState): { readonly ended: number; readonly jobs: number } {
  const stages = stagesOf(state);
  const sum = (of: (stage: StageState) => number): number =>
    stages.reduce((total, stage) => total + of(stage), 0);
  return { ended: sum(endedOf), jobs: sum(({ jobs }) => jobs) };
}

/** The test metric that is shown for the folds of a run: the AUC, or the concordance for times to an event. */
export function shownScore({ ledger }: RunState): { readonly name: string; readonly title: string } {
  const timed = [...(ledger?.scores.values() ?? [])].some((scores) => 'testC' in scores);
  return timed ? { name: 'testC', title: 'test C' } : { name: 'testAuc', title: 'test AUC' };
}

/**
 * The scores of a method, fold by fold: undefined if a fold is not evaluated yet, null if the metric is undefined.
 */
export const scoresOf = (
  { ledger, folds }: RunState,
  method: string,
  name: string,
): readonly (number | null | undefined)[] =>
  Array.from({ length: folds }, (_, fold) => {
    const scores = ledger?.scores.get(`${method}/${fold}`);
    return scores && (scores[name] ?? null);
  });

/** Mean and population standard deviation over the folds evaluated so far (method.md 9.1). Null if there are none. */
export function spreadOf(
  values: readonly number[],
): { readonly mean: number; readonly sd: number; readonly n: number } | null {
  const n = values.length;
  if (n === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
  return { mean, sd: Math.sqrt(variance), n };
}
