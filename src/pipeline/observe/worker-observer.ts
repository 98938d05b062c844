import type { Job } from '../bus/job.js';
import type { BusMember } from '../bus/member.js';
import type { HafError } from '../core/errors.js';

/**
 * How a job that a worker held was settled. `fenced`: the job was cancelled or had been given to another worker, so
 * this result was ignored. `returned`: this machine cannot do the job. `released`: handed back because the worker was
 * told to stop.
 */
export const outcomes = ['committed', 'fenced', 'retried', 'given-up', 'returned', 'released'] as const;
export type LeaseEnd = (typeof outcomes)[number];

/** The end of a job on this worker. */
export interface Settlement {
  readonly outcome: LeaseEnd;
  readonly attempt: number;
  /** Time from the claim of the job to its settlement. */
  readonly seconds: number;
  /** Parts of `seconds`: getting and reading the inputs, and computing. Both are absent if nothing was computed. */
  readonly readSeconds?: number;
  readonly computeSeconds?: number;
  /** Why the job was not done. */
  readonly error?: HafError;
}

/**
 * Receives what a worker does, one call per event. The log, the metrics and the job counter of a process implement it.
 */
export interface WorkerObserver {
  /** The worker has joined the bus and takes jobs from now on. */
  joined(worker: BusMember): void;
  claimed(job: Job, attempt: number): void;
  /** All jobs that the worker holds. Called at each change. */
  holding(jobs: readonly Job[]): void;
  /** A checkpoint of a training job was written. */
  checkpoint(job: Job): void;
  settled(job: Job, end: Settlement): void;
  /** The worker can take no more jobs. */
  broken(error: HafError): void;
}

/** Several observers as one. Each of them gets the calls that it has a method for. */
export const together = (...observers: readonly Partial<WorkerObserver>[]): WorkerObserver => ({
  joined: (worker) => observers.forEach((observer) => observer.joined?.(worker)),
  claimed: (job, attempt) => observers.forEach((observer) => observer.claimed?.(job, attempt)),
  holding: (jobs) => observers.forEach((observer) => observer.holding?.(jobs)),
  checkpoint: (job) => observers.forEach((observer) => observer.checkpoint?.(job)),
  settled: (job, end) => observers.forEach((observer) => observer.settled?.(job, end)),
  broken: (error) => observers.forEach((observer) => observer.broken?.(error)),
});
