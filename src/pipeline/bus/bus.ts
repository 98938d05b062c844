import type { Observable } from 'rxjs';
import { z } from 'zod';
import { modalities } from '../core/modality.js';
import { stageNames, unitSchema, type JobClass } from '../stage.js';
import type { RunEvent, RunEventBody } from '../runs/events.js';

const sourceSchema = z.object({ role: z.string(), name: z.string(), path: z.string(), sha256: z.string() });

/** One piece of work as it travels to a worker: names and hashes only, never data (docs/architecture.md, "The bus"). */
export const jobSchema = z.object({
  v: z.literal(1),
  run: z.string(),
  key: z.string(),
  /** Id of the artifact to make; equal jobs of two runs have equal ids. */
  artifact: z.string(),
  stage: z.enum(stageNames),
  unit: unitSchema,
  class: z.enum(['cpu', 'gpu']),
  /** The config sections the stage reads. */
  config: z.record(z.string(), z.unknown()),
  modalities: z.array(z.enum(modalities)),
  inputs: z.array(z.object({ role: z.enum(stageNames), ids: z.array(z.string()) })),
  sources: z.array(sourceSchema),
  /** A forced replay: the new result takes the place of the earlier one. */
  replace: z.boolean(),
});
export type Job = z.infer<typeof jobSchema>;

/** The right to work on a job until it is settled or the heartbeats stop. */
export interface Lease {
  readonly job: Job;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Keeps the lease; a worker that stays silent longer than the lease time loses the job to another. */
  heartbeat(): Promise<void>;
  /** Settles the job as done. `fenced`: another worker has it or did it meanwhile; the result must be dropped. */
  commit(): Promise<'committed' | 'fenced'>;
  /**
   * Counts a failure: back to the end of the queue, or given up after the last attempt. `beforeRetry` runs when the
   * job will be tried again and before anybody can claim it, so that what it publishes precedes the next start.
   */
  fail(retryable: boolean, beforeRetry?: () => Promise<void>): Promise<'retried' | 'given-up' | 'fenced'>;
  /** Hands the job back untried, for example when the worker drains. */
  release(): Promise<void>;
}

/** How stages talk: a work queue per class, fenced settlement, and the event log of each run. */
export interface Bus {
  /** For people: which adapter this is and what it can do. */
  readonly about: string;
  /** Queues a job. A job whose artifact is queued, running or done already is not queued twice, unless it replaces. */
  enqueue(job: Job): Promise<void>;
  /** The next job of a class, oldest first; waits for one. Null once the signal aborts. */
  claim(jobClass: JobClass, worker: string, signal: AbortSignal): Promise<Lease | null>;
  /** Takes the jobs of a run that nobody has claimed out of the queues; returns their artifact ids. */
  withdraw(run: string): Promise<readonly string[]>;
  publish(run: string, event: RunEventBody): Promise<void>;
  /** The events of a run in order: those already published, then live ones. */
  events(run: string): Observable<RunEvent>;
  close(): Promise<void>;
}
