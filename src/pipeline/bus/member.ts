import { z } from 'zod';
import { jobClasses } from './job.js';

/** A member of the bus: a worker, which pulls jobs, or an orchestrator, which runs an experiment to its end. */
export const busMemberSchema = z.object({
  v: z.literal(1),
  /** Unique for each process. Two workers on one machine have two ids. */
  id: z.string(),
  role: z.enum(['orchestrator', 'worker']),
  host: z.string(),
  pid: z.number().int(),
  codeVersion: z.string(),
  node: z.string(),
  /** The requested tensor backend. */
  backend: z.string(),
  /** The classes of jobs that the member takes. Empty for an orchestrator that computes nothing. */
  classes: z.array(z.enum(jobClasses)),
  /** Number of concurrent jobs, by class. */
  slots: z.object({ cpu: z.number().int(), gpu: z.number().int() }),
  /** The run that an orchestrator executes. Null for a worker. */
  run: z.string().nullable(),
  state: z.enum(['working', 'draining']),
  /** Keys of the jobs that the member holds. */
  jobs: z.array(z.string()),
  /** Start of the member as ISO time, by its own clock. */
  since: z.string(),
  /**
   * ISO time of the last heartbeat, by the broker's clock. Only a list of members has it; a member does not send it.
   */
  seen: z.string().exactOptional(),
});
export type BusMember = z.infer<typeof busMemberSchema>;

/** Membership in the bus. It ends by `leave`, or expires some time after the process died. */
export interface Membership {
  update(change: Partial<Pick<BusMember, 'state' | 'jobs' | 'classes'>>): Promise<void>;
  leave(): Promise<void>;
}

/**
 * Whether another member may still do a declined job. True if a present member takes jobs of this class and has not
 * declined this job. Also true if the decliner is a worker, because a suitable member may join later. So a
 * misconfigured worker cannot fail a run. The job is given up only if an orchestrator declines it and no suitable
 * member is present.
 */
export const mayBeDoneByOthers = (
  members: readonly BusMember[],
  jobClass: BusMember['classes'][number],
  decliner: string,
  declinedBy: readonly string[],
): boolean =>
  members.some(({ id, role }) => id === decliner && role === 'worker') ||
  members.some(({ id, classes }) => classes.includes(jobClass) && !declinedBy.includes(id));
