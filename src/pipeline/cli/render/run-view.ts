import { assertNever } from '../../core/assert-never.js';
import type { RunEvent } from '../../run-event.js';
import { encodingOf, type Encoding } from './encoding.js';
import { EndTally, type EndCounts, type JobEnd } from './end-tally.js';
import type { StageName } from '../../stage.js';

/** How far one stage is. */
export interface StageView extends EndCounts {
  readonly stage: StageName;
  readonly jobs: number;
}

/** A job that a worker holds; epochs are known while it trains. */
export interface RunningJob {
  readonly job: string;
  readonly stage: StageName;
  readonly epoch: number | null;
  readonly epochs: number | null;
  /** Null for a job that encodes no tiles. */
  readonly encoding: Encoding | null;
}

/** What a person watching a run sees; `advance` brings it forward event by event. */
export interface RunView {
  readonly run: string;
  /** Training processes of the machine that started the run. */
  readonly workers: number;
  /** Training jobs at once of the workers that have joined from elsewhere, as far as is known. */
  readonly elsewhere: number;
  readonly bus: string;
  readonly methods: readonly string[];
  readonly folds: number;
  /** ISO time of the first event. */
  readonly startedAt: string | null;
  /** What there is to do; `stagesOf` says how far it is. */
  readonly plan: readonly { readonly stage: StageName; readonly jobs: number }[];
  /** The jobs that have ended. A view hands its tally on to the next one; null before the first event. */
  readonly tally: EndTally | null;
  readonly running: readonly RunningJob[];
  /** Test AUC by `method/fold`; null where it is undefined. */
  readonly aucs: ReadonlyMap<string, number | null>;
  readonly finished: Extract<RunEvent, { type: 'run-finished' }> | null;
}

export const emptyView: RunView = {
  run: '',
  workers: 0,
  elsewhere: 0,
  bus: '',
  methods: [],
  folds: 0,
  startedAt: null,
  plan: [],
  tally: null,
  running: [],
  aucs: new Map(),
  finished: null,
};

type JobEvent = Extract<RunEvent, { job: string }>;

const withoutJob = (running: readonly RunningJob[], job: string): readonly RunningJob[] =>
  running.filter((candidate) => candidate.job !== job);

/** A job that is queued or runs has not ended, whatever was told of it before. */
const open = (view: RunView, { job }: JobEvent): RunView => {
  view.tally?.open(job);
  return view;
};

const ended = (view: RunView, { job, stage }: JobEvent, end: JobEnd): RunView => {
  const tally = view.tally ?? new EndTally();
  tally.close(job, stage, end);
  return { ...view, tally, running: withoutJob(view.running, job) };
};

type Measured = Extract<RunEvent, { type: 'job-done' | 'job-cached' }>;

/** Takes the test AUC of a fold and method from the job that measured it. */
function withAuc(view: RunView, { stage, unit, metrics }: Measured): RunView {
  if (stage !== 'evaluate' || unit.method === undefined || unit.fold === undefined) return view;
  const aucs = new Map(view.aucs).set(`${unit.method}/${unit.fold}`, metrics?.testAuc ?? null);
  return { ...view, aucs };
}

/** The view after one more event. The earlier view is used up: both share one tally. */
export function advance(view: RunView, event: RunEvent): RunView {
  switch (event.type) {
    case 'run-started': {
      const { run, workers, bus, methods, folds, plan } = event;
      return {
        ...emptyView,
        elsewhere: view.elsewhere,
        run,
        workers,
        bus,
        methods,
        folds,
        plan,
        startedAt: event.at,
      };
    }
    case 'job-started': {
      const { job, stage } = event;
      return {
        ...open(view, event),
        running: [
          ...withoutJob(view.running, job),
          { job, stage, epoch: null, epochs: null, encoding: null },
        ],
      };
    }
    case 'job-epoch': {
      const { epoch, epochs } = event;
      return {
        ...view,
        running: view.running.map((job) =>
          job.job === event.job ? { ...job, epoch, epochs, encoding: encodingOf(job.encoding, event) } : job,
        ),
      };
    }
    case 'job-cached':
      return ended(withAuc(view, event), event, 'cached');
    case 'job-done':
      return ended(withAuc(view, event), event, 'done');
    case 'job-failed':
      return ended(view, event, 'failed');
    case 'job-skipped':
      return ended(view, event, 'skipped');
    case 'job-queued':
      return open(view, event);
    case 'cancel-requested':
      return view;
    case 'job-retried':
    case 'job-returned':
      return { ...view, running: withoutJob(view.running, event.job) };
    case 'run-finished':
      return { ...view, running: [], finished: event };
    default:
      return assertNever(event);
  }
}

/** Jobs of a stage that have come to an end, one way or another. */
export const endedOf = ({ done, cached, failed, skipped }: EndCounts): number =>
  done + cached + failed + skipped;

/** Every stage of the run and how many of its jobs have ended how. */
export const stagesOf = ({ plan, tally }: RunView): readonly StageView[] =>
  plan.map(({ stage, jobs }) => {
    const counts = tally?.of(stage);
    // A replay of one fold may hear of another, from a worker that was left with it when the run was interrupted.
    let room = jobs;
    const upTo = (count = 0): number => {
      const shown = Math.min(room, count);
      room -= shown;
      return shown;
    };
    const [failed, skipped] = [upTo(counts?.failed), upTo(counts?.skipped)];
    return { stage, jobs, failed, skipped, done: upTo(counts?.done), cached: upTo(counts?.cached) };
  });

/** Jobs that have ended, and all jobs. */
export function progressOf(view: RunView): { readonly ended: number; readonly jobs: number } {
  const stages = stagesOf(view);
  const sum = (of: (stage: StageView) => number): number =>
    stages.reduce((total, stage) => total + of(stage), 0);
  return { ended: sum(endedOf), jobs: sum(({ jobs }) => jobs) };
}
