import type { Observable } from 'rxjs';
import type { RunEvent, RunEventBody } from '../run-event.js';
import type { JobClass } from '../stage.js';
import type { Job } from './job.js';
import type { Member, Membership } from './member.js';

/**
 * The right to work on a job until it is settled or the heartbeats stop. Each way of settling takes the event that
 * tells of it, which reaches every run that waits for the artifact: a crash in between loses neither.
 */
export interface Lease {
  readonly job: Job;
  /** 1 for the first try; only failures count, not workers that died or handed the job back. */
  readonly attempt: number;
  /** Aborts once the job is known to be another worker's, or nobody's any more: computing on would be for nothing. */
  readonly lost: AbortSignal;
  /** Keeps the lease; a worker that stays silent longer than the lease time loses the job to another. */
  heartbeat(): Promise<void>;
  /** Tells every run that waits for the artifact. */
  publish(event: RunEventBody): Promise<void>;
  /** Settles the job as done. `fenced`: another worker has it or did it meanwhile, and nothing was told. */
  commit(done: RunEventBody): Promise<'committed' | 'fenced'>;
  /**
   * Counts a failure: the job is tried again after those that wait, or given up after the last attempt. The event
   * of a retry is told before anybody can claim the job again.
   */
  fail(
    retryable: boolean,
    eventOf: (verdict: 'retried' | 'given-up') => RunEventBody,
  ): Promise<'retried' | 'given-up' | 'fenced'>;
  /**
   * Hands back a job that this worker cannot do though another may (no data, a full disk, another version). It
   * never gets this job again. Given up when no other member takes jobs of the class and none is to be expected
   * (`mayBeDoneByOthers`).
   */
  decline(
    eventOf: (verdict: 'returned' | 'given-up') => RunEventBody,
  ): Promise<'returned' | 'given-up' | 'fenced'>;
  /** Hands the job back untried, for example when the worker drains. */
  release(): Promise<void>;
}

/** Jobs by class, and messages that were set aside because nobody could work on them. */
export interface Load {
  readonly queues: Readonly<Record<JobClass, { readonly waiting: number; readonly running: number }>>;
  readonly deadLetters: number;
}

/** `away`: the broker cannot be reached; the bus keeps trying, and calls wait for it a while. */
export type ConnectionState = 'connected' | 'away';

/** How stages talk: a work queue per class, fenced settlement, the event log of each run, and who is there. */
export interface Bus {
  /** For people: which adapter this is and what it can do. */
  readonly about: string;
  /** A lease lapses after this long without a heartbeat. */
  readonly leaseMs: number;
  /** How the connection stands: now, then every change. */
  readonly connection: Observable<ConnectionState>;
  /** For people: what the bus found lost on the broker and mended. */
  readonly news?: Observable<string>;
  /**
   * Queues a job for its run. A job whose artifact is queued or running already is not queued twice: the run waits
   * for the same artifact then. What is done or given up is queued again; whoever asks has looked into the store.
   */
  enqueue(job: Job): Promise<void>;
  /**
   * The next job of a class, oldest first; waits for one. Null once the signal aborts. A job that the worker does not
   * serve, because it is of another store, is left to others.
   */
  claim(
    jobClass: JobClass,
    worker: string,
    signal: AbortSignal,
    serves?: (job: Job) => boolean,
  ): Promise<Lease | null>;
  /** Takes the jobs that a run alone waits for and nobody has claimed out of the queues; returns their artifact ids. */
  withdraw(run: string): Promise<readonly string[]>;
  /** Withdraws a run, and takes the running jobs that no other run waits for from their workers. */
  cancel(run: string): Promise<void>;
  /** Appends to a run's log; returns the event's id. */
  publish(run: string, event: RunEventBody): Promise<string>;
  /** The events of a run in order: those already published, then live ones. */
  events(run: string): Observable<RunEvent>;
  /** The events of a run so far, in order. */
  history(run: string): Promise<readonly RunEvent[]>;
  /** How many events of a run have been published so far; more than its history when some are of another version. */
  published(run: string): Promise<number>;
  /** The run that something was last published for, or null. */
  latestRun(): Promise<string | null>;
  /** How much work there is. */
  load(): Promise<Load>;
  join(member: Member): Promise<Membership>;
  /** Who is there; a process that was killed stays in the list for a while. */
  members(): Promise<readonly Member[]>;
  close(): Promise<void>;
}
