import type { Job } from '../bus/job.js';
import type { Member } from '../bus/member.js';
import type { HafError } from '../core/errors.js';

/**
 * How a job that a worker held was settled. `fenced`: it was cancelled or another worker's by then, so that this end did
 * not count. `returned`: this machine cannot do it. `released`: handed back because the worker was told to stop.
 */
export const outcomes = ['committed', 'fenced', 'retried', 'given-up', 'returned', 'released'] as const;
export type Outcome = (typeof outcomes)[number];

/** The end of a job on this worker. */
export interface Settlement {
  readonly outcome: Outcome;
  readonly attempt: number;
  /** From the claim to here. */
  readonly seconds: number;
  /** Where the time went; absent when nothing was computed. */
  readonly readSeconds?: number;
  readonly computeSeconds?: number;
  /** Why it was not done. */
  readonly error?: HafError;
}

/** Told of what a worker does: the log of a process, its metrics, whoever counts its jobs. */
export interface WorkerObserver {
  /** The worker is there and takes jobs from now on. */
  joined(worker: Member): void;
  claimed(job: Job, attempt: number): void;
  /** All jobs held, whenever they change. */
  holding(jobs: readonly Job[]): void;
  /** The state of a training job was kept. */
  checkpoint(job: Job): void;
  settled(job: Job, end: Settlement): void;
  /** The worker can take no more jobs. */
  broken(error: HafError): void;
}

/** Several observers as one; each hears of what it has a method for. */
export const together = (...observers: readonly Partial<WorkerObserver>[]): WorkerObserver => ({
  joined: (worker) => observers.forEach((observer) => observer.joined?.(worker)),
  claimed: (job, attempt) => observers.forEach((observer) => observer.claimed?.(job, attempt)),
  holding: (jobs) => observers.forEach((observer) => observer.holding?.(jobs)),
  checkpoint: (job) => observers.forEach((observer) => observer.checkpoint?.(job)),
  settled: (job, end) => observers.forEach((observer) => observer.settled?.(job, end)),
  broken: (error) => observers.forEach((observer) => observer.broken?.(error)),
});
