import type { RunEvent } from '../run-event.js';
import type { StageName } from '../stage.js';

/** How a job ended. A later event may change this: a failed job may be repaired and succeed then. */
export const jobEnds = ['done', 'cached', 'failed', 'skipped'] as const;
export type JobEnd = (typeof jobEnds)[number];

/** The states of a job. A planned job without an entry waits for another job. */
export type JobState = 'queued' | 'running' | JobEnd;
export type JobCounts = Readonly<Record<JobState, number>>;

/** Why a job did not succeed. */
export interface JobFailure {
  readonly job: string;
  readonly stage: StageName;
  readonly state: 'failed' | 'skipped';
  readonly code: string | null;
  readonly what: string;
  readonly fix: string | null;
  /** More details, for example the batch on which training diverged. */
  readonly context: Readonly<Record<string, unknown>>;
}

/** Test metrics of one evaluation. */
export type Scores = Readonly<Record<string, number | null>>;

const none: JobCounts = { queued: 0, running: 0, done: 0, cached: 0, failed: 0, skipped: 0 };

/** The state of every job, counted by stage. The cost of one event does not grow with the number of events. */
export class JobLedger {
  private readonly states = new Map<string, { readonly stage: StageName; readonly state: JobState }>();
  private readonly counts = new Map<StageName, Record<JobState, number>>();
  private readonly times = new Map<StageName, { readonly seconds: number; readonly jobs: number }>();
  /** Test metrics by `method/fold`. */
  readonly scores = new Map<string, Scores>();

  /** @param failures by job key; a failure is kept over a restart of the run until the job succeeds */
  constructor(readonly failures = new Map<string, JobFailure>()) {}

  set({ job, stage }: { readonly job: string; readonly stage: StageName }, state: JobState): void {
    const before = this.states.get(job);
    if (before !== undefined) this.add(before.stage, before.state, -1);
    this.states.set(job, { stage, state });
    this.add(stage, state, 1);
    if (state === 'done' || state === 'cached') this.failures.delete(job);
  }

  fail(event: Extract<RunEvent, { type: 'job-failed' | 'job-skipped' }>): void {
    const { job, stage } = event;
    const failed = event.type === 'job-failed';
    this.set(event, failed ? 'failed' : 'skipped');
    this.failures.set(
      job,
      failed
        ? { job, stage, state: 'failed', ...event.error }
        : {
            job,
            stage,
            state: 'skipped',
            code: null,
            what: `needs ${event.because}`,
            fix: null,
            context: {},
          },
    );
  }

  /** Adds the seconds that a finished job took. */
  time(stage: StageName, seconds: number): void {
    const before = this.took(stage);
    this.times.set(stage, { seconds: before.seconds + seconds, jobs: before.jobs + 1 });
  }

  /** Seconds and number of the finished jobs of a stage in this execution of the run. */
  took(stage: StageName): { readonly seconds: number; readonly jobs: number } {
    return this.times.get(stage) ?? { seconds: 0, jobs: 0 };
  }

  /** The jobs of a stage that an event has named, in the order of their first events. */
  jobsOf(stage: StageName): { readonly job: string; readonly state: JobState }[] {
    const jobs: { job: string; state: JobState }[] = [];
    for (const [job, one] of this.states) if (one.stage === stage) jobs.push({ job, state: one.state });
    return jobs;
  }

  /** Jobs that have ended, of all stages. */
  get ended(): number {
    let sum = 0;
    for (const counts of this.counts.values()) for (const end of jobEnds) sum += counts[end];
    return sum;
  }

  stateOf(job: string): JobState | undefined {
    return this.states.get(job)?.state;
  }

  /** The counts of a stage; they change with the next event. */
  of(stage: StageName): JobCounts {
    return this.counts.get(stage) ?? none;
  }

  private add(stage: StageName, state: JobState, more: number): void {
    const counts = this.counts.get(stage) ?? { ...none };
    counts[state] += more;
    this.counts.set(stage, counts);
  }
}
