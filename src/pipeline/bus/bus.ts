import type { Observable } from 'rxjs';
import type { RunEvent, RunEventBody } from '../run-event.js';
import type { JobClass } from '../stage.js';
import type { Job } from './job.js';
import type { BusMember, Membership } from './member.js';

/**
 * The right to work on a job, until the job is settled or the heartbeats stop. Each call that settles the job takes
 * an event. Every run that waits for the artifact receives this event. If the worker crashes between settling and
 * publishing, the event is published later.
 */
export interface Lease {
  readonly job: Job;
  /** Number of the attempt, from 1. Only failures count, not workers that died or returned the job. */
  readonly attempt: number;
  /**
   * Aborts when this worker learns that it has lost the lease: another worker holds the job, or no run wants the
   * artifact. A result of this worker would not be used.
   */
  readonly lost: AbortSignal;
  /** Extends the lease. A worker without heartbeats for longer than the lease time loses the job (timeout). */
  heartbeat(): Promise<void>;
  /**
   * Makes sure that `lost` is up to date before the worker stores a result. Sends a heartbeat, except if the bus
   * confirmed the lease so recently that the lease cannot have expired.
   */
  confirm(): Promise<void>;
  /** Publishes an event to every run that waits for the artifact. */
  publish(event: RunEventBody): Promise<void>;
  /** Settles the job as done. `fenced`: this worker had lost the lease to another one, and the event was not published. */
  commit(done: RunEventBody): Promise<'committed' | 'fenced'>;
  /**
   * Counts a failure. The job is retried after the jobs that wait already, or given up after the last attempt. The event of a
   * retry is published before a worker can claim the job again.
   */
  fail(
    retryable: boolean,
    eventOf: (verdict: 'retried' | 'given-up') => RunEventBody,
  ): Promise<'retried' | 'given-up' | 'fenced'>;
  /**
   * Returns a job that this worker cannot do although another worker may (no data, a full disk, another version). This worker
   * never receives the job again. The job is given up when no other member takes jobs of this class, and none is expected to
   * join (`mayBeDoneByOthers`).
   */
  decline(
    eventOf: (verdict: 'returned' | 'given-up') => RunEventBody,
  ): Promise<'returned' | 'given-up' | 'fenced'>;
  /** Returns the job to the queue without counting an attempt, for example when the worker shuts down. */
  release(): Promise<void>;
}

/**
 * The abort reason of every `lost` signal. All leases share this error, because each abort without a reason would
 * create an error with a stack trace of its own.
 */
export const leaseEnded = new Error('The lease has ended.');

/** Number of waiting and running jobs of each class, and of dead letters: messages that could not be processed. */
export interface Load {
  readonly queues: Readonly<Record<JobClass, { readonly waiting: number; readonly running: number }>>;
  readonly deadLetters: number;
}

/** `away`: the broker is unreachable. The bus keeps reconnecting, and calls wait until their timeout. */
export type ConnectionState = 'connected' | 'away';

/**
 * An event, a message that this version cannot parse (`unread`), or the sign that all stored messages were read (`caught-up`, once or
 * more).
 */
export type LogNews = RunEvent | 'unread' | 'caught-up';

/**
 * The messages of the pipeline: a work queue per class, leases with fencing, the event log of each run, and the list of
 * members.
 */
export interface Bus {
  /** One sentence for people: which adapter this is and what it can do. */
  readonly about: string;
  /** Timeout: a lease expires after so many milliseconds without a heartbeat. */
  readonly leaseMs: number;
  /** The present state of the connection, then each change. */
  readonly connection: Observable<ConnectionState>;
  /** Sentences for people about data that the broker lost and the bus repaired. */
  readonly news?: Observable<string>;
  /**
   * Queues a job for its run. Idempotent: if the artifact is queued or running already, the run waits for the same artifact. A job
   * that is done or given up is queued again, because the caller has seen that the store lacks the artifact.
   */
  enqueue(job: Job): Promise<void>;
  /**
   * Waits for the next job of a class, oldest first. Null when the signal aborts. Jobs of stores that the worker does not serve
   * are left to other workers.
   */
  claim(
    jobClass: JobClass,
    worker: string,
    signal: AbortSignal,
    serves?: (job: Job) => boolean,
  ): Promise<Lease | null>;
  /** Removes from the queues the unclaimed jobs for which only this run waits. Returns the ids of their artifacts. */
  withdraw(run: string): Promise<readonly string[]>;
  /** Withdraws a run, and ends its running jobs for which no other run waits. */
  cancel(run: string): Promise<void>;
  /** Appends to a run's log; returns the event's id. */
  publish(run: string, event: RunEventBody): Promise<string>;
  /** The events of a run in order: those already published, then live ones. */
  events(run: string): Observable<RunEvent>;
  /** Like `events`, and also tells when a message is `unread` and when the reader has `caught-up`. */
  read(run: string): Observable<LogNews>;
  /** The events of a run so far, in order. */
  history(run: string): Promise<readonly RunEvent[]>;
  /**
   * Number of published events of a run. It includes events of another version that this version cannot parse;
   * `history` leaves these out.
   */
  published(run: string): Promise<number>;
  /** The run of the last published event, or null. */
  latestRun(): Promise<string | null>;
  /** The runs that have events, by name. */
  runs(): Promise<readonly string[]>;
  /** Number of waiting jobs. */
  load(): Promise<Load>;
  join(member: BusMember): Promise<Membership>;
  /** The present members. A killed process stays in the list until its entry expires. */
  members(): Promise<readonly BusMember[]>;
  close(): Promise<void>;
}
