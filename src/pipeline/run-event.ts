import { z } from 'zod';
import { problemSchema } from './core/problem.js';
import { errorCodes, type ErrorCode } from './core/errors.js';
import { stageNames, unitSchema } from './stage.js';

const stage = z.enum(stageNames);
const job = { job: z.string(), stage, unit: unitSchema, artifact: z.string() };
const metrics = z.record(z.string(), z.number().nullable());

/**
 * The events of a run, one line of `events.ndjson` each. `seq` counts from 1 within the run and never repeats; `at`
 * is a time in ISO format. Renderers, the run directory and scripts read only events.
 */
export const runEventSchema = z.discriminatedUnion('type', [
  /**
   * `up` (or `replay`) started or resumed the run. `plan` says per stage how many jobs are cached and how many will
   * run.
   */
  z.object({
    type: z.literal('run-started'),
    run: z.string(),
    /** Id of this execution of the run. */
    session: z.string(),
    workers: z.number().int(),
    bus: z.string(),
    methods: z.array(z.string()),
    folds: z.number().int(),
    plan: z.array(z.object({ stage, jobs: z.number().int(), cached: z.number().int(), why: z.string() })),
  }),
  z.object({ type: z.literal('job-cached'), ...job, metrics: metrics.optional() }),
  z.object({ type: z.literal('job-queued'), ...job }),
  z.object({ type: z.literal('job-started'), ...job, worker: z.string(), attempt: z.number().int() }),
  z.object({
    type: z.literal('job-epoch'),
    ...job,
    epoch: z.number().int(),
    epochs: z.number().int(),
    metrics,
  }),
  z.object({
    type: z.literal('job-done'),
    ...job,
    worker: z.string(),
    /** Time from the claim of the job to its result: the sum of fetching the inputs, computing, and storing. */
    seconds: z.number(),
    readSeconds: z.number(),
    computeSeconds: z.number(),
    peakRssMiB: z.number(),
    metrics,
    /** Number of problems of the job. problems.csv lists them. */
    problems: z.number().int(),
  }),
  /** The worker died, or the error may be temporary. The job goes back to the queue. */
  z.object({ type: z.literal('job-retried'), ...job, attempt: z.number().int(), reason: z.string() }),
  /** A worker cannot do the job although another worker may: it has no data, a full disk or another version. */
  z.object({ type: z.literal('job-returned'), ...job, worker: z.string(), reason: z.string() }),
  /** The job has failed for good. Jobs that depend on it are skipped. */
  z.object({
    type: z.literal('job-failed'),
    ...job,
    error: z.object({
      code: z.enum(errorCodes as [ErrorCode, ...ErrorCode[]]),
      what: z.string(),
      fix: z.string(),
      context: z.record(z.string(), z.unknown()),
      /** Problems that the job had found before it failed. */
      problems: z.array(problemSchema).optional(),
    }),
  }),
  /** The job did not run, because a job that it needs failed. */
  z.object({ type: z.literal('job-skipped'), ...job, because: z.string() }),
  /** A user asked to end the run: `haf-pipeline cancel`. */
  z.object({ type: z.literal('cancel-requested'), run: z.string(), by: z.string() }),
  z.object({
    type: z.literal('run-finished'),
    run: z.string(),
    outcome: z.enum(['succeeded', 'finished-with-failures', 'failed', 'interrupted', 'cancelled', 'partial']),
    seconds: z.number(),
    /** Run directory and report, relative to the working directory. */
    directory: z.string(),
    report: z.string().nullable(),
    failures: z.number().int(),
  }),
]);
export type RunEventBody = z.infer<typeof runEventSchema>;
/** `id` identifies the event. A reader that gets events twice, or from two sources, drops duplicates by it. */
export type RunEvent = RunEventBody & {
  readonly v: 1;
  readonly id: string;
  readonly seq: number;
  readonly at: string;
};
