import { assertNever } from '../../core/assert-never.js';
import type { RunEvent } from '../../runs/events.js';
import type { StageName } from '../../stage.js';

/** How far one stage is. */
export interface StageView {
  readonly stage: StageName;
  readonly jobs: number;
  readonly done: number;
  readonly cached: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A job that a worker holds; epochs are known while it trains. */
export interface RunningJob {
  readonly job: string;
  readonly stage: StageName;
  readonly epoch: number | null;
  readonly epochs: number | null;
}

/** What a person watching a run sees; `advance` brings it forward event by event. */
export interface RunView {
  readonly run: string;
  readonly workers: number;
  readonly bus: string;
  readonly methods: readonly string[];
  readonly folds: number;
  /** ISO time of the first event. */
  readonly startedAt: string | null;
  readonly stages: readonly StageView[];
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
  stages: [],
  running: [],
  aucs: new Map(),
  finished: null,
};

type JobEvent = Extract<RunEvent, { job: string }>;
type Count = 'done' | 'cached' | 'failed' | 'skipped';

const withoutJob = (running: readonly RunningJob[], job: string): readonly RunningJob[] =>
  running.filter((candidate) => candidate.job !== job);

function settled(view: RunView, event: JobEvent, count: Count): RunView {
  return {
    ...view,
    running: withoutJob(view.running, event.job),
    stages: view.stages.map((stage) =>
      stage.stage === event.stage ? { ...stage, [count]: stage[count] + 1 } : stage,
    ),
  };
}

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
      const { run, workers, bus, methods, folds } = event;
      const stages = event.plan.map(({ stage, jobs }) => ({
        ...{ stage, jobs },
        ...{ done: 0, cached: 0, failed: 0, skipped: 0 },
      }));
      return { ...emptyView, run, workers, bus, methods, folds, stages, startedAt: event.at };
    }
    case 'job-started': {
      const { job, stage } = event;
      return {
        ...view,
        running: [...withoutJob(view.running, job), { job, stage, epoch: null, epochs: null }],
      };
    }
    case 'job-epoch': {
      const { epoch, epochs } = event;
      return {
        ...view,
        running: view.running.map((job) => (job.job === event.job ? { ...job, epoch, epochs } : job)),
      };
    }
    case 'job-cached':
      return settled(withAuc(view, event), event, 'cached');
    case 'job-done':
      return settled(withAuc(view, event), event, 'done');
    case 'job-failed':
      return settled(view, event, 'failed');
    case 'job-skipped':
      return settled(view, event, 'skipped');
    case 'job-retried':
      return { ...view, running: withoutJob(view.running, event.job) };
    case 'run-finished':
      return { ...view, running: [], finished: event };
    default:
      return assertNever(event);
  }
}

/** Jobs that have come to an end, one way or another, and all jobs. */
export function progressOf(view: RunView): { readonly ended: number; readonly jobs: number } {
  const sum = (pick: (stage: StageView) => number): number =>
    view.stages.reduce((total, stage) => total + pick(stage), 0);
  return {
    ended: sum(({ done, cached, failed, skipped }) => done + cached + failed + skipped),
    jobs: sum(({ jobs }) => jobs),
  };
}
