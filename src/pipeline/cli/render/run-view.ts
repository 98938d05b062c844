import { assertNever } from '../../core/assert-never.js';
import type { RunEvent } from '../../run-event.js';
import { encodingOf, type Encoding } from './encoding.js';
import type { StageName } from '../../stage.js';

/** How a job stands that has ended; a later event may change it: what failed may be mended and done after all. */
export type JobEnd = 'done' | 'cached' | 'failed' | 'skipped';

/** How far one stage is. */
export interface StageView extends Readonly<Record<JobEnd, number>> {
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
  readonly bus: string;
  readonly methods: readonly string[];
  readonly folds: number;
  /** ISO time of the first event. */
  readonly startedAt: string | null;
  /** What there is to do; `stagesOf` says how far it is. */
  readonly plan: readonly { readonly stage: StageName; readonly jobs: number }[];
  /** The jobs that have ended, by key. */
  readonly ends: ReadonlyMap<string, { readonly stage: StageName; readonly end: JobEnd }>;
  readonly running: readonly RunningJob[];
  /** Test AUC by `method/fold`; null where it is undefined. */
  readonly aucs: ReadonlyMap<string, number | null>;
  readonly finished: Extract<RunEvent, { type: 'run-finished' }> | null;
}

export const emptyView: RunView = {
  run: '',
  workers: 0,
  bus: '',
  methods: [],
  folds: 0,
  startedAt: null,
  plan: [],
  ends: new Map(),
  running: [],
  aucs: new Map(),
  finished: null,
};

type JobEvent = Extract<RunEvent, { job: string }>;

const withoutJob = (running: readonly RunningJob[], job: string): readonly RunningJob[] =>
  running.filter((candidate) => candidate.job !== job);

/** A job that is queued or runs has not ended, whatever was told of it before. */
const open = (view: RunView, { job }: JobEvent): RunView => {
  if (!view.ends.has(job)) return view;
  const ends = new Map(view.ends);
  ends.delete(job);
  return { ...view, ends };
};

const ended = (view: RunView, { job, stage }: JobEvent, end: JobEnd): RunView => ({
  ...view,
  running: withoutJob(view.running, job),
  ends: new Map(view.ends).set(job, { stage, end }),
});

type Measured = Extract<RunEvent, { type: 'job-done' | 'job-cached' }>;

/** Takes the test AUC of a fold and method from the job that measured it. */
function withAuc(view: RunView, { stage, unit, metrics }: Measured): RunView {
  if (stage !== 'evaluate' || unit.method === undefined || unit.fold === undefined) return view;
  const aucs = new Map(view.aucs).set(`${unit.method}/${unit.fold}`, metrics?.testAuc ?? null);
  return { ...view, aucs };
}

/** The view after one more event. */
export function advance(view: RunView, event: RunEvent): RunView {
  switch (event.type) {
    case 'run-started': {
      const { run, workers, bus, methods, folds, plan } = event;
      return { ...emptyView, run, workers, bus, methods, folds, plan, startedAt: event.at };
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
export const endedOf = ({ done, cached, failed, skipped }: Readonly<Record<JobEnd, number>>): number =>
  done + cached + failed + skipped;

/** Every stage of the run and how many of its jobs have ended how. */
export function stagesOf({ plan, ends }: RunView): readonly StageView[] {
  const stages = plan.map(({ stage, jobs }) => ({ stage, jobs, done: 0, cached: 0, failed: 0, skipped: 0 }));
  for (const { stage: name, end } of ends.values()) {
    const stage = stages.find(({ stage }) => stage === name);
    // A replay of one fold may hear of another, from a worker that was left with it when the run was interrupted.
    if (stage && endedOf(stage) < stage.jobs) stage[end]++;
  }
  return stages;
}

/** Jobs that have ended, and all jobs. */
export function progressOf(view: RunView): { readonly ended: number; readonly jobs: number } {
  const stages = stagesOf(view);
  const sum = (of: (stage: StageView) => number): number =>
    stages.reduce((total, stage) => total + of(stage), 0);
  return { ended: sum(endedOf), jobs: sum(({ jobs }) => jobs) };
}
