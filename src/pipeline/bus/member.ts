import { z } from 'zod';
import { jobClasses } from './job.js';

/** Who takes part: workers, which pull jobs, and orchestrators, which bring a run to its end. */
export const memberSchema = z.object({
  v: z.literal(1),
  /** Unique for each process: two workers of one machine have two. */
  id: z.string(),
  role: z.enum(['orchestrator', 'worker']),
  host: z.string(),
  pid: z.number().int(),
  codeVersion: z.string(),
  node: z.string(),
  /** Tensor backend asked for. */
  backend: z.string(),
  /** The classes of jobs it takes; none for an orchestrator that computes nothing. */
  classes: z.array(z.enum(jobClasses)),
  /** Jobs it works on at once, by class. */
  slots: z.object({ cpu: z.number().int(), gpu: z.number().int() }),
  /** The run an orchestrator works for. */
  run: z.string().nullable(),
  state: z.enum(['working', 'draining']),
  /** Keys of the jobs it holds. */
  jobs: z.array(z.string()),
  /** ISO time of its own clock. */
  since: z.string(),
});
export type Member = z.infer<typeof memberSchema>;

/** A member's presence; it ends by `leave`, or by itself some time after the process died. */
export interface Membership {
  update(change: Partial<Pick<Member, 'state' | 'jobs' | 'classes'>>): Promise<void>;
  leave(): Promise<void>;
}

/**
 * Whether a job that a member handed back may yet be done: by another member that takes its class - or by one that joins
 * later, if the member only joined itself. One wrong worker ends no run; a run's own failure, alone, does.
 */
export const mayBeDoneByOthers = (
  members: readonly Member[],
  jobClass: Member['classes'][number],
  decliner: string,
  declinedBy: readonly string[],
): boolean =>
  members.some(({ id, role }) => id === decliner && role === 'worker') ||
  members.some(({ id, classes }) => classes.includes(jobClass) && !declinedBy.includes(id));
